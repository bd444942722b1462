-- One row per data row of essay_templates.csv that names template and parser.
with source_rows as (select * from {{ source('raw', 'essay_templates') }}),

final as (
    select
        'essay' as source_csv,
        row_index,
        {{ filled('template_id') }} as template_id,
        {{ filled('parser') }} as parser
    from source_rows
    where
        {{ filled('template_id') }} is not null
        and {{ filled('parser') }} is not null
)

select * from final
