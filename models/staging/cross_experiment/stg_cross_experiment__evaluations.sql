-- One row per data row of evaluation_results.csv, under common names.
with source_rows as (
    select * from {{ source('cross_experiment', 'evaluation_results') }}
),

final as (
    select
        'evaluation' as source_csv,
        row_index,
        row_place,
        {{ untrimmed('evaluation_task_id') }} as task_id,
        {{ filled('combo_id') }} as combo_id,
        {{ first_filled(['evaluation_template', 'evaluation_template_id']) }}
            as template_id,
        {{ first_filled(['evaluation_model', 'evaluation_model_name']) }} as model_id,
        {{ filled('evaluation_status') }} as status,
        {{ filled('evaluation_timestamp') }} as timestamp_text,
        {{ first_filled([
            'eval_response_file', 'evaluation_response_file', 'response_file'
        ]) }} as response_file,
        {{ untrimmed('essay_task_id') }} as essay_task_id,
        {{ untrimmed('generation_task_id') }} as generation_task_id
    from source_rows
)

select * from final
