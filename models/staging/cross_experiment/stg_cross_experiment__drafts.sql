-- One row per data row of draft_generation_results.csv, under common names.
with source_rows as (
    select * from {{ source('cross_experiment', 'draft_generation_results') }}
),

final as (
    select
        'draft' as source_csv,
        row_index,
        row_place,
        {{ untrimmed('draft_task_id') }} as task_id,
        {{ filled('combo_id') }} as combo_id,
        {{ first_filled(['draft_template_id', 'draft_template']) }} as template_id,
        {{ first_filled(['generation_model', 'generation_model_name']) }} as model_id,
        {{ filled('generation_status') }} as status,
        {{ filled('generation_timestamp') }} as timestamp_text,
        {{ filled('response_file') }} as response_file,
        cast(null as string) as essay_task_id,
        cast(null as string) as generation_task_id
    from source_rows
)

select * from final
