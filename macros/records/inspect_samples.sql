{#- One row per sample of Inspect's logs: its fields, and those of its log, as JSON. -#}
{% macro inspect_samples(tool_rows) -%}
    -- Grouped, though each file has one: DuckDB then expects few, and keeps these in
    -- memory for the join, not the samples.
    with read_logs as (
        select
            source_csv,
            file,
            json_extract(
                min(row),
                [
                    '$.eval.run_id', '$.eval.eval_id', '$.eval.task_id', '$.eval.task',
                    '$.eval.task_version', '$.eval.task_args', '$.eval.solver',
                    '$.eval.model', '$.eval.scorers', '$.eval.created',
                    '$.stats.completed_at'
                ]
            ) as fields
        from {{ tool_rows }}
        where tool = 'inspect' and relation = 'log' and fault is null
        group by source_csv, file
    ),

    logs as (
        select
            source_csv,
            file,
            fields[1] ->> '$' as run_id,
            fields[2] ->> '$' as eval_id,
            fields[3] ->> '$' as run_task_id,
            fields[4] ->> '$' as task_name,
            nullif(nullif(fields[5] ->> '$', '0'), '') as task_version,
            nullif(nullif(fields[6] ->> '$', '{}'), 'null') as task_args,
            fields[7] ->> '$' as solver,
            fields[8] ->> '$' as model_id,
            list_transform(
                {{ json_items("fields[9]") }},
                lambda item: json_extract_string(
                    item, ['$.name', '$.options.model.model']
                )
            ) as scorers,
            coalesce(nullif(fields[11] ->> '$', ''), fields[10] ->> '$') as run_time
        from read_logs
    ),

    read_samples as (
        select
            source_csv,
            file,
            file_number,
            place,
            position,
            row,
            fault,
            -- A JSON null is no value: `->> '$'` makes it null, `nullif` elsewhere.
            json_extract(
                row,
                [
                    '$.id', '$.epoch', '$.uuid', '$.input', '$.messages', '$.target',
                    '$.output.choices[0].message.content',
                    '$.output.choices[0].message.tool_calls[0]',
                    '$.output.choices[0].stop_reason', '$.output.completion',
                    '$.output.choices[0].message.role', '$.scores', '$.metadata',
                    '$.model_usage', '$.completed_at', '$.events[#-1].timestamp',
                    '$.error', '$.error.message', '$.limit', '$.limit.type',
                    '$.error_retries', '$.invalidation', '$.attachments'
                ]
            ) as fields
        from {{ tool_rows }}
        where tool = 'inspect' and (relation = 'sample' or fault is not null)
    ),

    named as (
        select
            source_csv,
            file,
            file_number,
            place,
            position,
            fields[1] ->> '$' as sample_id,
            nullif(fields[2], 'null') as epoch,
            {{ untrimmed("fields[3] ->> '$'") }} as sample_uuid,
            case
                when json_type(fields[5]) = 'ARRAY' and fields[5] != '[]'
                    then {{ json_items('fields[5]') }}
                when json_type(fields[4]) = 'ARRAY' then {{ json_items('fields[4]') }}
                when nullif(fields[4], 'null') is not null
                    then [json_object('role', 'user', 'content', fields[4])]
            end as messages,
            nullif(fields[6], 'null') as sample_target,
            nullif(fields[7], 'null') as answer_content,
            nullif(fields[8], 'null') as tool_call,
            nullif(fields[9], 'null') as finish_reason,
            fields[10] ->> '$' as completion,
            coalesce(
                nullif(fields[11], 'null'), nullif(fields[7], 'null'),
                nullif(fields[8], 'null'), nullif(fields[9], 'null')
            ) is not null as has_choice,
            nullif(fields[12], 'null') as scores,
            nullif(nullif(fields[13], 'null'), '{}') as sample_metadata,
            nullif(nullif(fields[14], 'null'), '{}') as model_usage,
            {{ untrimmed("fields[15] ->> '$'") }} as completed_at,
            {{ untrimmed("fields[16] ->> '$'") }} as last_event_at,
            nullif(fields[17], 'null') as sample_error,
            coalesce(nullif(fields[18], 'null'), nullif(fields[17], 'null'))
                as error_message,
            nullif(fields[19], 'null') as sample_limit,
            coalesce(fields[20] ->> '$', 'limit') as limit_type,
            nullif(json_array_length(fields[21]), 0) as retries,
            nullif(fields[22], 'null') is not null as is_invalidated,
            -- Texts that are kept apart: those that the sample uses (inspect_samples.py).
            nullif(nullif(fields[23], 'null'), '{}') as attachments,
            coalesce(
                fault,
                if(nullif(fields[1], 'null') is null, 'it is no sample: it has no id', null)
            ) as fault
        from read_samples
    ),

    final as (
        select
            named.*,
            logs.run_id,
            logs.eval_id,
            logs.run_task_id,
            logs.task_name,
            logs.task_version,
            logs.task_args,
            logs.solver,
            logs.model_id,
            logs.scorers,
            logs.run_time
        from named
        left join logs on named.source_csv = logs.source_csv and named.file = logs.file
    )

    select * from final
{%- endmacro %}
