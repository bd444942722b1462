{#-
    The messages of a chat as one text.

    A single message of a user is its own text alone. Of others, each is headed by its
    role in brackets, with a blank line between two. A part that is no text is its type
    in brackets, such as [image]; a call of a tool is its name and arguments; an item
    without content is its JSON. `attachments` is an object of texts that stand for
    `attachment://` and their key, as Inspect writes them.
-#}
{% macro chat_text(messages, attachments="null") -%}
    list_transform(
        [
            list_transform(
                {{ messages }},
                lambda message: json_extract(
                    message, ['$.role', '$.content', '$.tool_calls', '$.type', '$']
                )
            )
        ],
        lambda items: case
            when len(items) = 1 and json_extract_string(items[1][1], '$') = 'user'
                then coalesce({{ message_text("items[1]", attachments) }}, '')
            when len(items) > 0
                then array_to_string(
                    list_transform(
                        items,
                        lambda item: '['
                        || coalesce(
                            json_extract_string(item[1], '$'),
                            json_extract_string(item[4], '$'),
                            'message'
                        )
                        || ']' || chr(10)
                        || coalesce({{ message_text("item", attachments) }}, '')
                    ),
                    chr(10) || chr(10)
                )
        end
    )[1]
{%- endmacro %}


{% macro message_text(item, attachments) -%}
    array_to_string(
        list_concat(
            [
                case
                    when {{ item }}[2] is null then cast({{ item }}[5] as varchar)
                    when json_type({{ item }}[2]) = 'ARRAY' then array_to_string(
                        list_transform(
                            {{ json_items(item ~ "[2]") }},
                            lambda part: {{ part_text("part", attachments) }}
                        ),
                        chr(10)
                    )
                    else {{ attached(
                        "json_extract_string(" ~ item ~ "[2], '$')", attachments
                    ) }}
                end
            ],
            list_transform(
                {{ json_items(item ~ "[3]") }},
                lambda call: '[tool call] ' || concat_ws(
                    ' ',
                    coalesce(
                        json_extract_string(call, '$.function.name'),
                        json_extract_string(call, '$.function')
                    ),
                    coalesce(
                        json_extract_string(call, '$.function.arguments'),
                        json_extract_string(call, '$.arguments')
                    )
                )
            )
        ),
        chr(10)
    )
{%- endmacro %}


{% macro part_text(part, attachments) -%}
    case
        when json_type({{ part }}) = 'VARCHAR' then json_extract_string({{ part }}, '$')
        when json_extract_string({{ part }}, '$.type') like '%text'
            then {{ attached(
                "json_extract_string(" ~ part ~ ", '$.text')", attachments
            ) }}
        else '[' || coalesce(json_extract_string({{ part }}, '$.type'), 'part') || ']'
    end
{%- endmacro %}


{#- The text of a message's parts that are text; null where none is. -#}
{% macro answer_text(content, separator=none, attachments="null") -%}
    {%- set separator = separator or "chr(10)" -%}
    case json_type({{ content }})
        when 'VARCHAR' then {{ attached(
            "json_extract_string(" ~ content ~ ", '$')", attachments
        ) }}
        when 'ARRAY' then list_transform(
            [
                list_filter(
                    list_transform(
                        {{ json_items(content) }},
                        lambda part: case
                            when
                                json_extract_string(part, '$.type')
                                in ('text', 'output_text')
                                then {{ attached(
                                    "json_extract_string(part, '$.text')", attachments
                                ) }}
                        end
                    ),
                    lambda text: text is not null
                )
            ],
            lambda texts: case
                when len(texts) > 0 then array_to_string(texts, {{ separator }})
            end
        )[1]
    end
{%- endmacro %}


{#- A text, or the attachment that it names. -#}
{% macro attached(text, attachments) -%}
    {% if attachments == "null" -%}
    {{ text }}
    {%- else -%}
    case
        when starts_with({{ text }}, 'attachment://')
            then coalesce(
                json_extract_string(
                    {{ attachments }}, '$."' || substr({{ text }}, 14) || '"'
                ),
                {{ text }}
            )
        else {{ text }}
    end
    {%- endif %}
{%- endmacro %}


{#- The elements of a JSON array; an empty list of anything else. -#}
{% macro json_items(value) -%}
    case
        when json_type({{ value }}) = 'ARRAY' then from_json({{ value }}, '["JSON"]')
        else cast([] as json [])
    end
{%- endmacro %}
