-- One row per result of promptfoo, a generation, and per component result of it, a
-- judgement, in the common shape of histories.
with results as (select * from {{ ref("stg_promptfoo__results") }}),

assertions as (select * from {{ ref("stg_promptfoo__assertions") }}),

unreadable as (select * from {{ ref("stg_promptfoo__unreadable") }}),

generations as (
    select
        source_csv,
        file,
        file_number,
        place,
        position,
        'generation' as kind,
        result_id as record_id,
        cast(null as varchar) as task_id,
        combo_id,
        template_id,
        model_id,
        case
            when failure_reason = '2' then 'error'
            when failure_reason not in ('0', '1')
                then 'failureReason ' || failure_reason
            when failure_reason is null and is_success = 'false' and response is null
                then 'error'
            else 'success'
        end as status,
        timestamp_text,
        occurred_at,
        created_from,
        prompt,
        response,
        eval_id as origin_run_id,
        {{ json_compact([
            ("description", "description", "optional text"),
            ("variables", "try(json_extract(nullif(variables_text, '{}'), '$'))",
                "optional json"),
            ("pass", "if(is_success in ('true', 'false'), is_success, null)",
                "optional json"),
            ("score", finite_number("score"), "optional number"),
            ("error", "error_text", "optional text"),
            ("latency_ms", "try_cast(latency_ms as bigint)", "optional number"),
            ("cost", "nullif(" ~ finite_number("cost_text") ~ ", 0)", "optional number"),
            ("tokens", "try(json_extract(tokens, '$'))", "optional json"),
            ("cached", "if(is_cached in ('true', 'false'), is_cached, null)",
                "optional json"),
            ("metadata", "nullif(try(cast(json_merge_patch(coalesce(metadata, '{}'), "
                ~ "'{\"_promptfooFileMetadata\":null}') as varchar)), '{}')",
                "optional json"),
        ]) }} as meta,
        fault
    from results
),

judgements as (
    select
        source_csv,
        file,
        file_number,
        place * 100000 + component_number as place,
        position || '.' || component_number as position,
        'judgement' as kind,
        result_id || ':' || component_number as record_id,
        combo_id,
        template_id,
        model_id,
        status,
        timestamp_text,
        occurred_at,
        created_from,
        prompt,
        response,
        {{ finite_number("score_text") }} as score,
        if(score is null, score_text, null) as score_text,
        {{ target_links("[result_id]") }} as links,
        eval_id as origin_run_id,
        {{ json_compact([
            ("pass", "if(is_pass in ('true', 'false'), is_pass, null)",
                "optional json"),
            ("assertion_value", "assertion_value", "optional text"),
            ("threshold", finite_number("threshold"), "optional number"),
            ("weight", finite_number("weight"), "optional number"),
            ("comment", "remark", "optional text"),
        ]) }} as meta
    from assertions
),

united as (
    select * from generations
    union all by name
    select * from judgements
    union all by name
    select * from unreadable
),

final as (
    {{ common_shape("united") }}
)

select * from final
