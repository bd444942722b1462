-- One row per choice of the answers in OpenAI's batch files, and per answer without a
-- choice.
with tool_rows as (
    select * from {{ ref('stg_histories__tool_rows') }}
),

lines as (
    {{ batch_lines("tool_rows") }}
),

requests as (
    {{ batch_requests("lines") }}
),

answers as (
    {{ batch_answers("lines") }}
),

-- A text that was cut off by its length is an answer; one that was taken away is none.
judged as (
    select
        *,
        case
            when has_error then coalesce(error_code, 'error')
            when shape = 'error'
                then concat_ws(' ', coalesce(status_code, 'error'), body_error_code)
            when body_status not in ('completed', 'incomplete')
                then coalesce(body_error_code, body_status)
            when is_empty then 'no_choice'
            when finish_reason = 'content_filter' then finish_reason
            when answer is null and refusal is not null then 'refusal'
            else 'success'
        end as status
    from answers
),

readable as (
    select
        judged.source_csv,
        judged.file,
        judged.file_number,
        judged.place * 1000000 + judged.choice_number as place,
        if(
            judged.choice_count > 1,
            judged.position || '.' || judged.choice_number,
            judged.position
        ) as position,
        'generation' as kind,
        concat_ws(':', judged.custom_id, judged.line_id, judged.choice_index)
            as record_id,
        judged.custom_id as task_id,
        cast(null as varchar) as combo_id,
        cast(null as varchar) as template_id,
        coalesce(judged.answering_model, requests.asked_model) as model_id,
        judged.status,
        judged.created as timestamp_text,
        {{ instant_of_epoch("judged.created", 1) }} as occurred_at,
        if(judged.created is null, 'none', 'row') as created_from,
        requests.prompt,
        -- Calls of tools alone are no text.
        case
            when judged.answer != '' or judged.tool_calls is null then judged.answer
        end as response,
        cast(null as double) as score,
        cast(null as varchar) as score_text,
        null as links,
        cast(null as varchar) as origin_run_id,
        {{ json_or_null([
            ("response_id", "judged.response_id", "optional json"),
            ("metadata", "requests.request_metadata", "optional json"),
            ("finish_reason", "judged.finish_reason", "optional text"),
            ("refusal", "judged.refusal", "optional json"),
            ("tool_calls", "judged.tool_calls", "optional json"),
            ("error", "judged.error_message", "optional json"),
            ("usage", "judged.token_usage", "optional json"),
        ]) }} as meta
    from judged
    left join requests
        on
            judged.source_csv = requests.source_csv
            and judged.custom_id = requests.custom_id
),

faulty as (
    select
        source_csv,
        file,
        file_number,
        place * 1000000 as place,
        position,
        'generation' as kind,
        fault
    from lines
    where fault is not null
),

unioned as (
    select * from readable
    union all by name
    select * from faulty
),

final as (
    {{ common_shape("unioned") }}
)

select * from final
