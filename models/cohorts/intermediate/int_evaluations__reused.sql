-- One row per existing evaluation that is a member of the cohort.
with generations as (select * from {{ ref("stg_cohorts__generations") }}),

essays as (select * from {{ ref("int_essays__chosen") }}),

templates as (select * from {{ ref("int_templates__chosen") }}),

models as (select * from {{ ref("int_models__chosen") }}),

replicates as (
    select * from {{ ref("stg_cohorts__replicates") }}
    where stage = 'evaluation'
),

requests as (select * from {{ ref("stg_cohorts__requests") }}),

lines as (select * from {{ ref("stg_cohorts__selection_lines") }}),

settings as (
    select
        (select min(cohort_id) from requests) as cohort_id,
        (select min(replicates) from replicates) as replicates,
        (
            select count(*) from lines
            where kind = 'include'
        ) > 0 as includes_others
),

evaluations as (
    select *
    from generations
    where stage = 'evaluation' and problem is null
),

matched as (
    select
        essays.essay_order,
        templates.row_index as template_order,
        models.row_index as model_order,
        evaluations.*,
        {{ whole_number("evaluations.replicate") }} as replicate_number,
        coalesce(evaluations.origin_cohort_id = settings.cohort_id, false) as is_own
    from evaluations
    inner join essays on evaluations.parent_gen_id = essays.essay_id
    inner join templates on evaluations.template_id = templates.template_id
    inner join models on evaluations.llm_model_id = models.llm_model_id
    cross join settings
    where settings.includes_others or is_own
),

-- The evaluations that this cohort added are the first, before any newer ones.
ranked as (
    select
        *,
        row_number() over (
            partition by essay_order, template_order, model_order
            order by
                is_own desc,
                case when is_own then replicate_number end asc nulls last,
                gen_id asc
        ) as rank
    from matched
),

final as (
    select
        ranked.essay_order,
        ranked.template_order,
        ranked.model_order,
        ranked.gen_id,
        ranked.replicate,
        ranked.replicate_number,
        ranked.is_own
    from ranked
    cross join settings
    where ranked.rank <= settings.replicates
)

select * from final
