-- One row per result of promptfoo, from its database or from an export. A result has
-- the same values in all forms, but for what one form does not have: exports have no
-- time, and JSONL no evaluation. What a row says is under names that its generation and
-- its judgements share.
with results as (
    select * from {{ ref("stg_promptfoo__stored_results") }}
    union all
    select * from {{ ref("stg_promptfoo__exported_results") }}
),

named as (
    select
        *,
        nullif(variables_text, '{}') as combo_name
    from results
),

final as (
    select
        source_csv,
        file,
        file_number,
        place,
        position,
        result_id,
        eval_id,
        -- The variables name a test: it has no id, and its number counts repeats too.
        if(
            length(combo_name) <= 200, combo_name, left(sha256(combo_name), 16)
        ) as combo_id,
        if(
            length(prompt_label) <= 200, prompt_label, coalesce(prompt_id, prompt_label)
        ) as template_id,
        model_id,
        timestamp_text,
        if(
            regexp_full_match(timestamp_text, '[0-9]{12,14}'),
            make_timestamp(try_cast(timestamp_text as bigint) * 1000),
            {{ instant("timestamp_text") }}
        ) as occurred_at,
        if(timestamp_text is null, 'none', 'row') as created_from,
        prompt,
        response,
        description,
        variables_text,
        is_success,
        score,
        error_text,
        failure_reason,
        latency_ms,
        cost_text,
        tokens,
        is_cached,
        metadata,
        grader,
        component_results,
        fault
    from named
)

select * from final
