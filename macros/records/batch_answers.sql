{#-
    One row per choice of the answers in OpenAI's batch files; one for an answer without
    a choice, and for an error. Of a response, all messages are one text, as its maker's
    own library joins them.
-#}
{% macro batch_answers(lines) -%}
    with answers as (
        select
            *,
            if(
                shape = 'chat', {{ json_items("choices") }}, cast([] as json [])
            ) as all_choices,
            list_filter(
                {{ json_items("output_items") }},
                lambda item: json_extract_string(item, '$.type') = 'message'
            ) as output_messages,
            list_filter(
                {{ json_items("output_items") }},
                lambda item: json_extract_string(item, '$.type') = 'function_call'
            ) as output_calls
        from {{ lines }}
        where fault is null and not is_request
    ),

    each_choice as (
        select
            *,
            unnest(if(len(all_choices) > 0, all_choices, [null])) as choice,
            generate_subscripts(if(len(all_choices) > 0, all_choices, [null]), 1)
                as choice_number
        from answers
    ),

    read_choices as (
        select
            *,
            list_transform(
                json_extract(
                    choice,
                    [
                        '$.message.content', '$.message.refusal',
                        '$.message.tool_calls', '$.finish_reason', '$.index'
                    ]
                ),
                lambda field: if(json_type(field) = 'NULL', null, field)
            ) as fields,
            list_filter(
                flatten(
                    list_transform(
                        output_messages,
                        lambda item: json_extract(item, '$.content[*]')
                    )
                ),
                lambda part: part is not null
            ) as output_parts
        from each_choice
    ),

    final as (
        select
            len(all_choices) as choice_count,
            * exclude (fields, output_parts, all_choices, output_messages, output_calls,
                choice),
            case shape
                when 'chat' then coalesce(
                    fields[5] ->> '$', cast(choice_number - 1 as varchar)
                )
                else '0'
            end as choice_index,
            case shape
                when 'chat' then {{ answer_text("fields[1]") }}
                when 'response' then {{ answer_text("to_json(output_parts)", "''") }}
            end as answer,
            case shape
                when 'chat' then fields[2]
                when 'response' then list_filter(
                    list_transform(
                        output_parts, lambda part: json_extract(part, '$.refusal')
                    ),
                    lambda refusal: refusal is not null
                )[1]
            end as refusal,
            case shape
                when 'chat' then nullif(fields[3], '[]')
                when 'response' then nullif(to_json(output_calls), '[]')
            end as tool_calls,
            case shape
                when 'chat' then fields[4] ->> '$'
                when 'response' then incomplete_reason
            end as finish_reason,
            shape = 'chat' and choice is null as is_empty
        from read_choices
    )

    select * from final
{%- endmacro %}
