{#-
    One row per custom_id of the requests of a source: what they all ask.

    An output line names its request by custom_id alone, which may come again in another
    batch. What two requests of one custom_id ask differently is null: which of them was
    answered is not known.
-#}
{% macro batch_requests(lines) -%}
    with asked as (
        select
            source_csv,
            custom_id,
            asked_model,
            request_metadata,
            {{ chat_text(
                "list_concat(instruction, coalesce(items, []))"
            ) }} as prompt
        from (
            select
                *,
                if(
                    instructions is null,
                    cast([] as json []),
                    [json_object('role', 'system', 'content', instructions)]
                ) as instruction,
                case
                    when messages is not null then {{ json_items("messages") }}
                    when json_type(asked_input) = 'ARRAY'
                        then {{ json_items("asked_input") }}
                    when asked_input is not null
                        then [json_object('role', 'user', 'content', asked_input)]
                end as items
            from {{ lines }}
            where is_request and fault is null
        ) as requests
    ),

    final as (
        select
            source_csv,
            custom_id,
            {{ only_value("prompt") }} as prompt,
            {{ only_value("asked_model") }} as asked_model,
            {{ only_value("request_metadata") }} as request_metadata
        from asked
        group by source_csv, custom_id
    )

    select * from final
{%- endmacro %}


{#- Of a group, the value that all rows have; null where two differ. -#}
{% macro only_value(column) -%}
    case
        when count({{ column }}) = count(*) and min({{ column }}) = max({{ column }})
            then min({{ column }})
    end
{%- endmacro %}
