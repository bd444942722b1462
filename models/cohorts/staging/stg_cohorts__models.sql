-- One row per data row of the table of language models.
with source_rows as (select * from {{ source('cohort_inputs', 'llm_models') }}),

final as (
    select
        row_index,
        {{ filled('id') }} as llm_model_id,
        coalesce(lower({{ trimmed('for_evaluation') }}) = 'true', false)
            as is_for_evaluation
    from source_rows
)

select * from final
