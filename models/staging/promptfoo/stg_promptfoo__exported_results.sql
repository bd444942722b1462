-- One row per result in an export of promptfoo, a JSON or JSONL file. Of JSON, the
-- object around the results names their evaluation; JSONL has no word about it, and
-- neither has a time for each result.
with source_rows as (
    select * from {{ ref("stg_histories__tool_rows") }}
    where tool = 'promptfoo' and relation = 'result' and fault is null
),

files as (
    select
        source_csv,
        file,
        json_extract_string(row, '$.evalId') as eval_id
    from {{ ref("stg_histories__tool_rows") }}
    where tool = 'promptfoo' and relation = 'file' and fault is null
),

extracted as (
    select
        *,
        json_extract_string(
            row,
            [
                '$.id', '$.testCase.vars', '$.testCase.description',
                '$.testCase.options.provider', '$.prompt.raw',
                '$.prompt.label', '$.promptId', '$.provider.label', '$.provider.id',
                '$.provider', '$.latencyMs', '$.cost', '$.response.output',
                '$.response.tokenUsage', '$.response.cached', '$.error', '$.success',
                '$.score', '$.gradingResult.componentResults', '$.metadata',
                '$.failureReason'
            ]
        ) as fields
    from source_rows
),

final as (
    select
        extracted.source_csv,
        extracted.file,
        extracted.file_number,
        extracted.place,
        extracted.position,
        extracted.fields[1] as result_id,
        files.eval_id,
        extracted.fields[2] as variables_text,
        extracted.fields[3] as description,
        extracted.fields[4] as grader,
        extracted.fields[5] as prompt,
        extracted.fields[6] as prompt_label,
        extracted.fields[7] as prompt_id,
        coalesce(
            nullif(extracted.fields[8], ''), extracted.fields[9], extracted.fields[10]
        ) as model_id,
        extracted.fields[11] as latency_ms,
        extracted.fields[12] as cost_text,
        extracted.fields[13] as response,
        extracted.fields[14] as tokens,
        extracted.fields[15] as is_cached,
        extracted.fields[16] as error_text,
        extracted.fields[17] as is_success,
        extracted.fields[18] as score,
        extracted.fields[19] as component_results,
        extracted.fields[20] as metadata,
        extracted.fields[21] as failure_reason,
        cast(null as varchar) as timestamp_text,
        if(
            coalesce(extracted.fields[5], extracted.fields[10]) is null,
            'it has no prompt and no provider: this is no result of promptfoo',
            null
        ) as fault
    from extracted
    left join files
        on extracted.source_csv = files.source_csv and extracted.file = files.file
)

select * from final
