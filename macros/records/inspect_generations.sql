{#-
    One row per sample of Inspect's logs as a generation, with its scores as they are.
-#}
{% macro inspect_generations(samples) -%}
    -- The prompt ends where the last answer begins; all that came before is part of it.
    with prompted as (
        select
            *,
            if(
                has_choice,
                coalesce(
                    list_position(
                        list_reverse(
                            list_transform(
                                messages,
                                lambda message: json_extract_string(message, '$.role')
                            )
                        ),
                        'assistant'
                    ),
                    0
                ),
                0
            ) as messages_from_answer
        from {{ samples }}
    ),

    asked as (
        select
            *,
            list_slice(messages, 1, len(messages) - messages_from_answer)
                as asked_messages,
            coalesce(completed_at, last_event_at, run_time) as timestamp_text,
            coalesce(
                nullif({{ attached("completion", "attachments") }}, ''),
                {{ answer_text("answer_content", attachments="attachments") }}
            ) as answer
        from prompted
    ),

    final as (
        select
            source_csv,
            file,
            file_number,
            place,
            position,
            coalesce(
                sample_uuid,
                concat_ws(':', coalesce(eval_id, run_id), run_task_id, sample_id, epoch)
            ) as record_id,
            concat_ws('/', task_name, sample_id) as task_id,
            sample_id as combo_id,
            concat_ws(
                ' ', concat_ws('@', task_name, task_version), solver, task_args
            ) as template_id,
            model_id,
            case
                when is_invalidated then 'invalidated'
                when sample_error is not null then 'error'
                when sample_limit is not null then limit_type
                when not has_choice then 'no_choice'
                else 'success'
            end as status,
            timestamp_text,
            {{ instant("timestamp_text") }} as occurred_at,
            case
                when completed_at is not null then 'row'
                when last_event_at is not null then 'event'
                when run_time is not null then 'run'
                else 'none'
            end as created_from,
            {{ chat_text("asked_messages", "attachments") }} as prompt,
            -- Without a choice, or with calls of tools alone, there is no text.
            case
                when has_choice and (answer != '' or tool_call is null) then answer
            end as response,
            run_id as origin_run_id,
            {{ json_or_null([
                ("epoch", "epoch", "optional json"),
                ("target", "sample_target", "optional json"),
                ("metadata", "sample_metadata", "optional json"),
                ("stop_reason", "finish_reason", "optional json"),
                ("usage", "model_usage", "optional json"),
                ("error", "error_message", "optional json"),
                ("limit", "sample_limit", "optional json"),
                ("retries", "retries", "optional number"),
            ]) }} as meta,
            scores,
            scorers,
            attachments,
            fault
        from asked
    )

    select * from final
{%- endmacro %}
