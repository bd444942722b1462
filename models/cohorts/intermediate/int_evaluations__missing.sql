-- One row per essay, template and model that has too few evaluations.
with essays as (select * from {{ ref("int_essays__chosen") }}),

-- A row without an id is a fault, which must be told rather than stop the models.
templates as (
    select *
    from {{ ref("stg_cohorts__templates") }}
    where is_active and template_id is not null
),

models as (
    select *
    from {{ ref("stg_cohorts__models") }}
    where is_for_evaluation and llm_model_id is not null
),

replicates as (
    select * from {{ ref("stg_cohorts__replicates") }}
    where stage = 'evaluation'
),

reused as (select * from {{ ref("int_evaluations__reused") }}),

-- As many rows as the membership has evaluations, by its definition, or fewer.
combinations as (
    select
        essays.essay_place,
        templates.row_index as template_place,
        models.row_index as model_place,
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
        essay_place,
        template_place,
        model_place,
        count(*) as evaluations
    from reused
    group by essay_place, template_place, model_place
),

final as (
    select
        combinations.essay_place,
        combinations.template_place,
        combinations.model_place,
        combinations.essay_id,
        combinations.template_id,
        combinations.llm_model_id,
        combinations.replicates - coalesce(counted.evaluations, 0) as wanted
    from combinations
    left join counted
        on
            combinations.essay_place = counted.essay_place
            and combinations.template_place = counted.template_place
            and combinations.model_place = counted.model_place
    where combinations.replicates > coalesce(counted.evaluations, 0)
)

select * from final
