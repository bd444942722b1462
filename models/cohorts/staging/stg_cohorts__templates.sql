-- One row per data row of the table of evaluation templates, active or not.
with source_rows as (
    select * from {{ source('cohort_inputs', 'evaluation_templates') }}
),

final as (
    select
        row_index,
        {{ filled('template_id') }} as template_id,
        {{ filled('parser') }} as parser,
        coalesce(lower({{ trimmed('active') }}) = 'true', false) as is_active
    from source_rows
)

select * from final
