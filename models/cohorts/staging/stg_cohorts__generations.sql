-- One row per directory of the generation store.
with source_rows as (select * from {{ source('cohort_inputs', 'generations') }}),

final as (
    select
        stage,
        gen_id,
        problem,
        progress,
        {{ first_filled(['template_id', 'stage_template']) }} as template_id,
        {{ filled('llm_model_id') }} as llm_model_id,
        {{ filled('parent_gen_id') }} as parent_gen_id,
        {{ filled('combo_id') }} as combo_id,
        {{ filled('replicate') }} as replicate,
        {{ filled('origin_cohort_id') }} as origin_cohort_id
    from source_rows
)

select * from final
