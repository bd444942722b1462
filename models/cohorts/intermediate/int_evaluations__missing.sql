-- One row per essay, template and model that has too few evaluations.
with essays as (select * from {{ ref("int_essays__chosen") }}),

templates as (select * from {{ ref("int_templates__chosen") }}),

models as (select * from {{ ref("int_models__chosen") }}),

replicates as (
    select * from {{ ref("stg_cohorts__replicates") }}
    where stage = 'evaluation'
),

reused as (select * from {{ ref("int_evaluations__reused") }}),

-- At most one row per evaluation of the membership.
combinations as (
    select
        essays.essay_order,
        templates.row_index as template_order,
        models.row_index as model_order,
        essays.essay_id,
        templates.template_id,
        models.llm_model_id,
        replicates.replicates
    from essays
    cross join templates
    cross join models
    cross join replicates
),

counted as (
    select
        essay_order,
        template_order,
        model_order,
        count(*) as evaluations
    from reused
    group by essay_order, template_order, model_order
),

final as (
    select
        combinations.essay_order,
        combinations.template_order,
        combinations.model_order,
        combinations.essay_id,
        combinations.template_id,
        combinations.llm_model_id,
        combinations.replicates - coalesce(counted.evaluations, 0) as wanted
    from combinations
    left join counted
        on
            combinations.essay_order = counted.essay_order
            and combinations.template_order = counted.template_order
            and combinations.model_order = counted.model_order
    where combinations.replicates > coalesce(counted.evaluations, 0)
)

select * from final
