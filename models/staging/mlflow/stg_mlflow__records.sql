-- One row per trace of mlflow, a generation, and per feedback on it, a judgement, in
-- the common shape of histories.
with traces as (select * from {{ ref("stg_mlflow__trace_info") }}),

calls as (select * from {{ ref("stg_mlflow__calls") }}),

feedback as (select * from {{ ref("stg_mlflow__feedback") }}),

unreadable as (select * from {{ ref("stg_mlflow__unreadable") }}),

generations as (
    select
        traces.source_csv,
        traces.file,
        traces.file_number,
        traces.place,
        traces.position,
        'generation' as kind,
        traces.trace_id as record_id,
        if(
            traces.linked_prompts[3] is null,
            concat_ws('/', traces.linked_prompts[1], traces.linked_prompts[2]),
            null
        ) as template_id,
        calls.model_id,
        if(traces.status = 'OK', 'success', traces.status) as status,
        traces.ended_at_ms as time_ms,
        calls.prompt,
        calls.response,
        traces.run_id as origin_run_id,
        {{ json_compact([
            ("trace_name", "trace_name", "optional text"),
            ("session_id", "session_id", "optional text"),
            ("user_id", "user_id", "optional text"),
            ("models", "to_json(models)", "optional json"),
            ("options", "options_text", "optional json"),
            ("latency_ms", "latency_ms", "optional number"),
            ("input_tokens", "try_cast(tokens[1] as bigint)", "optional number"),
            ("output_tokens", "try_cast(tokens[2] as bigint)", "optional number"),
            ("cost", "total_cost", "optional number"),
            ("tags", "labels_text", "optional json"),
        ]) }} as meta,
        if(
            traces.status = 'OK' and calls.trace_id is null,
            'its spans are not in the database: they are artifacts, or archived',
            null
        ) as fault
    from traces
    left join calls
        on
            traces.source_csv = calls.source_csv
            and traces.file = calls.file
            and traces.trace_id = calls.trace_id
),

judgements as (
    select
        source_csv,
        file,
        file_number,
        place,
        position,
        'judgement' as kind,
        assessment_id as record_id,
        template_id,
        model_id,
        status,
        judged_at_ms as time_ms,
        rationale as response,
        score,
        score_text,
        {{ target_links("[trace_id]") }} as links,
        run_id as origin_run_id,
        {{ json_compact([
            ("span_id", "span_id", "optional text"),
            ("overrides", "overridden_id", "optional text"),
            ("error", "error_text", "optional text"),
            ("metadata", "nullif(metadata_text, '{}')", "optional json"),
        ]) }} as meta
    from feedback
),

united as (
    select * from generations
    union all by name
    select * from judgements
    union all by name
    select * from unreadable
),

shaped as (
    select
        * exclude (time_ms),
        cast(null as varchar) as task_id,
        cast(null as varchar) as combo_id,
        cast(time_ms as varchar) as timestamp_text,
        case
            when time_ms between -62135596800000 and 253402300799999
                then make_timestamp(time_ms * 1000)
        end as occurred_at,
        if(time_ms is null, 'none', 'row') as created_from
    from united
),

final as (
    {{ common_shape("shaped") }}
)

select * from final
