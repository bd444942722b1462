-- One row per assessment of a trace of mlflow that judges it: feedback that was not
-- overridden. An expectation says what is right, and judges nothing.
with source_rows as (
    select * from {{ ref("stg_histories__tool_rows") }}
    where tool = 'mlflow' and relation = 'assessments' and fault is null
),

extracted as (
    select
        *,
        json_extract_string(
            row,
            [
                '$.assessment_id', '$.trace_id', '$.name', '$.assessment_type',
                '$.value', '$.error', '$.created_timestamp', '$.last_updated_timestamp',
                '$.source_type', '$.source_id', '$.run_id', '$.span_id', '$.rationale',
                '$.overrides', '$.valid', '$.assessment_metadata'
            ]
        ) as fields
    from source_rows
),

parsed as (
    select
        *,
        try(json_extract(fields[5], '$')) as given,
        try(json_extract_string(fields[6], ['$.error_code', '$.error_message']))
            as failure,
        try(
            json_extract_string(
                fields[16], ['$."mlflow.assessment.sourceRunId"', '$']
            )
        ) as metadata,
        nullif(nullif(fields[10], ''), 'default') as source_id
    from extracted
    where fields[4] = 'feedback' and fields[15] not in ('0', 'false')
),

final as (
    select
        source_csv,
        file,
        file_number,
        place,
        position,
        fields[1] as assessment_id,
        fields[2] as trace_id,
        fields[3] as template_id,
        case
            when fields[9] in ('LLM_JUDGE', 'AI_JUDGE') and source_id is not null
                then source_id
            when fields[9] = 'HUMAN' then 'human:' || coalesce(source_id, 'unknown')
            else 'code:' || coalesce(source_id, fields[3], 'unknown')
        end as model_id,
        if(fields[6] is null, 'success', coalesce(failure[1], 'error')) as status,
        try_cast(coalesce(fields[8], fields[7]) as bigint) as judged_at_ms,
        fields[13] as rationale,
        if(
            json_type(given) in ('UBIGINT', 'BIGINT', 'DOUBLE'),
            {{ finite_number("fields[5]") }},
            null
        ) as score,
        if(
            json_type(given) != 'NULL' and score is null,
            json_extract_string(given, '$'),
            null
        ) as score_text,
        coalesce(fields[11], metadata[1]) as run_id,
        fields[12] as span_id,
        fields[14] as overridden_id,
        failure[2] as error_text,
        metadata[2] as metadata_text
    from parsed
)

select * from final
