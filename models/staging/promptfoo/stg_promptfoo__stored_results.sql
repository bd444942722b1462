-- One row per result in a database of promptfoo, whose columns are JSON texts of their
-- own. A result whose texts cannot be read has a fault.
with source_rows as (
    select * from {{ ref("stg_histories__tool_rows") }}
    where tool = 'promptfoo' and relation = 'eval_results' and fault is null
),

extracted as (
    select
        *,
        json_extract_string(
            row,
            [
                '$.id', '$.eval_id', '$.test_case', '$.prompt', '$.prompt_id',
                '$.provider', '$.latency_ms', '$.cost',
                '$.response', '$.error', '$.success', '$.score', '$.grading_result',
                '$.metadata', '$.failure_reason', '$.created_at'
            ]
        ) as fields
    from source_rows
),

parsed as (
    select
        *,
        try(
            json_extract_string(
                fields[3], ['$.vars', '$.description', '$.options.provider']
            )
        ) as test_case,
        try(json_extract_string(fields[4], ['$.raw', '$.label'])) as prompt,
        try(json_extract_string(fields[6], ['$.label', '$.id', '$'])) as provider_names,
        try(
            json_extract_string(fields[9], ['$.output', '$.tokenUsage', '$.cached'])
        ) as response,
        try(json_extract_string(fields[13], ['$.componentResults'])) as grading
    from extracted
),

final as (
    select
        source_csv,
        file,
        file_number,
        place,
        position,
        fields[1] as result_id,
        fields[2] as eval_id,
        test_case[1] as variables_text,
        test_case[2] as description,
        test_case[3] as grader,
        prompt[1] as prompt,
        prompt[2] as prompt_label,
        fields[5] as prompt_id,
        coalesce(
            nullif(provider_names[1], ''), provider_names[2], provider_names[3]
        ) as model_id,
        fields[7] as latency_ms,
        fields[8] as cost_text,
        response[1] as response,
        response[2] as tokens,
        response[3] as is_cached,
        fields[10] as error_text,
        if(fields[11] = '1', 'true', 'false') as is_success,
        fields[12] as score,
        grading[1] as component_results,
        fields[14] as metadata,
        fields[15] as failure_reason,
        fields[16] as timestamp_text,
        case
            when fields[3] is not null and test_case is null
                then 'its test_case is no JSON'
            when fields[4] is not null and prompt is null then 'its prompt is no JSON'
            when fields[6] is not null and provider_names is null
                then 'its provider is no JSON'
            when fields[9] is not null and response is null
                then 'its response is no JSON'
            when fields[13] is not null and grading is null
                then 'its grading_result is no JSON'
        end as fault
    from parsed
)

select * from final
