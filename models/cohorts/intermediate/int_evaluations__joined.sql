-- One row per evaluation of the cohort, existing or new.
with reused as (select * from {{ ref("int_evaluations__reused") }}),

added as (select * from {{ ref("int_evaluations__added") }}),

essays as (select * from {{ ref("int_essays__chosen") }}),

templates as (select * from {{ ref("stg_cohorts__templates") }}),

models as (select * from {{ ref("stg_cohorts__models") }}),

evaluations as (
    select
        essay_order,
        template_order,
        model_order,
        gen_id,
        replicate,
        replicate_number,
        is_own,
        false as is_new
    from reused
    union all
    select
        essay_order,
        template_order,
        model_order,
        gen_id,
        cast(replicate as string) as replicate,
        replicate as replicate_number,
        true as is_own,
        true as is_new
    from added
),

final as (
    select
        evaluations.essay_order,
        evaluations.template_order,
        evaluations.model_order,
        evaluations.is_own,
        case when evaluations.is_own then evaluations.replicate_number end
            as own_number,
        evaluations.gen_id,
        essays.essay_id,
        essays.combo_id,
        templates.template_id,
        models.llm_model_id,
        evaluations.replicate,
        evaluations.is_new
    from evaluations
    inner join essays on evaluations.essay_order = essays.essay_order
    inner join templates on evaluations.template_order = templates.row_index
    inner join models on evaluations.model_order = models.row_index
)

select * from final
