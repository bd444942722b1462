-- Fails when an essay, template and model of a cohort has more or fewer evaluations
-- than the replicate count: more would be paid for in vain, fewer skew an average.
-- Does not check which of them were taken.
{{ config(meta={"dagster": {"ref": {"name": "cohort_memberships"}}}) }}
with members as (select * from {{ ref("cohort_memberships") }}),

replicates as (
    select * from {{ ref("stg_cohorts__replicates") }}
    where stage = 'evaluation'
),

essays as (
    select * from members
    where stage = 'essay'
),

templates as (select * from {{ ref("int_templates__chosen") }}),

models as (select * from {{ ref("int_models__chosen") }}),

evaluations as (
    select
        parent_gen_id,
        template_id,
        llm_model_id,
        count(*) as evaluations
    from members
    where stage = 'evaluation'
    group by parent_gen_id, template_id, llm_model_id
)

select
    essays.gen_id,
    templates.template_id,
    models.llm_model_id,
    replicates.replicates,
    coalesce(evaluations.evaluations, 0) as evaluations
from essays
cross join templates
cross join models
cross join replicates
left join evaluations
    on
        essays.gen_id = evaluations.parent_gen_id
        and templates.template_id = evaluations.template_id
        and models.llm_model_id = evaluations.llm_model_id
where coalesce(evaluations.evaluations, 0) != replicates.replicates
