{#-
    One row per line of OpenAI's batch files: requests, and answers with what their body
    is: `chat`, `response`, `error` (no body, or another code than 200), or null.
-#}
{% macro batch_lines(tool_rows) -%}
    with read_lines as (
        select
            source_csv,
            file,
            file_number,
            place,
            position,
            fault,
            list_transform(
                json_extract(
                    row,
                    [
                        '$.custom_id', '$.id', '$.url', '$.body.model',
                        '$.body.messages', '$.body.input', '$.body.instructions',
                        '$.body.metadata', '$.response', '$.error', '$.error.code',
                        '$.error.message', '$.response.status_code',
                        '$.response.body.error.code', '$.response.body.error.message',
                        '$.response.body.object', '$.response.body.id',
                        '$.response.body.model', '$.response.body.created',
                        '$.response.body.created_at', '$.response.body.choices',
                        '$.response.body.output', '$.response.body.status',
                        '$.response.body.incomplete_details.reason',
                        '$.response.body.usage', '$.body'
                    ]
                ),
                lambda field: if(json_type(field) = 'NULL', null, field)
            ) as fields
        from {{ tool_rows }}
        where tool = 'openai_batch'
    ),

    named as (
        select
            source_csv,
            file,
            file_number,
            place,
            position,
            fault,
            fields[1] ->> '$' as custom_id,
            fields[2] ->> '$' as line_id,
            fields[3] ->> '$' as url,
            fields[4] ->> '$' as asked_model,
            fields[5] as messages,
            fields[6] as asked_input,
            fields[7] as instructions,
            fields[8] as request_metadata,
            fields[9] is not null as has_response,
            fields[10] is not null as has_error,
            fields[11] ->> '$' as error_code,
            coalesce(fields[12], fields[15], fields[10]) as error_message,
            fields[13] ->> '$' as status_code,
            fields[14] ->> '$' as body_error_code,
            fields[16] ->> '$' as body_object,
            fields[17] as response_id,
            fields[18] ->> '$' as answering_model,
            coalesce(fields[19], fields[20]) ->> '$' as created,
            fields[21] as choices,
            fields[22] as output_items,
            fields[23] ->> '$' as body_status,
            fields[24] ->> '$' as incomplete_reason,
            fields[25] as token_usage,
            fields[26] is not null and fields[9] is null and fields[10] is null
                as is_request
        from read_lines
    ),

    with_shapes as (
        select
            *,
            case
                when is_request then null
                when has_error or (has_response and coalesce(status_code, '') != '200')
                    then 'error'
                when
                    body_object = 'chat.completion'
                    or (
                        body_object is null
                        and json_type(choices, '$[0].message') = 'OBJECT'
                    )
                    then 'chat'
                when body_object = 'response' then 'response'
            end as shape
        from named
    ),

    final as (
        select
            * exclude (fault),
            coalesce(
                fault,
                case
                    when custom_id is null then 'it has no custom_id'
                    when
                        is_request
                        and not regexp_matches(url, '(chat/completions|responses)/?$')
                        then 'it asks ' || {{ printable("url") }}
                    when is_request or shape is not null then null
                    when has_response
                        then 'its body is ' || coalesce(
                            '"' || {{ printable("body_object") }} || '"',
                            'of no known kind'
                        )
                    else 'it has neither a body, a response nor an error'
                end
            ) as fault
        from with_shapes
    )

    select * from final
{%- endmacro %}
