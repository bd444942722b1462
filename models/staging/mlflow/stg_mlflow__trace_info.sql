-- One row per trace of mlflow, with its tags and metadata.
with tool_rows as (
    select * from {{ ref("stg_histories__tool_rows") }}
    where tool = 'mlflow' and fault is null
),

traces as (
    select
        source_csv,
        file,
        file_number,
        place,
        position,
        json_extract_string(
            row,
            [
                '$.request_id', '$.timestamp_ms', '$.execution_time_ms', '$.status',
                '$.trace_name', '$.session_id', '$.input_tokens', '$.output_tokens',
                '$.total_cost'
            ]
        ) as fields
    from tool_rows
    where relation = 'trace_info'
),

labels as (
    select
        source_csv,
        file,
        json_extract_string(row, ['$.request_id', '$.key', '$.value']) as fields
    from tool_rows
    where relation in ('trace_tags', 'trace_request_metadata')
),

gathered as (
    select
        source_csv,
        file,
        fields[1] as trace_id,
        max(fields[3]) filter (fields[2] = 'mlflow.sourceRun') as run_id,
        max(fields[3]) filter (fields[2] = 'mlflow.linkedPrompts') as prompts_text,
        max(fields[3]) filter (fields[2] = 'mlflow.trace.session') as session_id,
        max(fields[3]) filter (fields[2] = 'mlflow.trace.user') as user_id,
        max(fields[3]) filter (fields[2] = 'mlflow.trace.tokenUsage') as tokens_text,
        '{' || string_agg(
            to_json(fields[2]) || ':' || to_json(fields[3]), ',' order by fields
        ) filter (not starts_with(fields[2], 'mlflow.')) || '}' as labels_text
    from labels
    group by source_csv, file, fields[1]
),

final as (
    select
        traces.source_csv,
        traces.file,
        traces.file_number,
        traces.place,
        traces.position,
        traces.fields[1] as trace_id,
        try_cast(traces.fields[2] as bigint)
        + coalesce(try_cast(traces.fields[3] as bigint), 0) as ended_at_ms,
        try_cast(traces.fields[3] as bigint) as latency_ms,
        traces.fields[4] as status,
        traces.fields[5] as trace_name,
        coalesce(traces.fields[6], gathered.session_id) as session_id,
        gathered.user_id,
        if(
            traces.fields[7] is null and traces.fields[8] is null,
            try(
                json_extract_string(
                    gathered.tokens_text, ['$.input_tokens', '$.output_tokens']
                )
            ),
            traces.fields[7:8]
        ) as tokens,
        {{ finite_number("traces.fields[9]") }} as total_cost,
        gathered.run_id,
        gathered.labels_text,
        try(
            json_extract_string(
                gathered.prompts_text,
                ['$[0].name', '$[0].version', '$[1].name']
            )
        ) as linked_prompts
    from traces
    left join gathered
        on
            traces.source_csv = gathered.source_csv
            and traces.file = gathered.file
            and traces.fields[1] = gathered.trace_id
)

select * from final
