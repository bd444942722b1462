-- One row per span of mlflow that says what its trace is: the root of a trace, and each
-- call of a model. Attributes are JSON texts within the JSON text of a span.
with source_rows as (
    select * from {{ ref("stg_histories__tool_rows") }}
    where tool = 'mlflow' and relation = 'spans' and fault is null
),

extracted as (
    select
        source_csv,
        file,
        json_extract_string(
            row,
            [
                '$.trace_id', '$.span_id', '$.parent_span_id', '$.type',
                '$.end_time_unix_nano', '$.model_name', '$.content'
            ]
        ) as fields
    from source_rows
),

with_attributes as (
    select
        *,
        try(
            json_extract_string(
                fields[7],
                [
                    '$.attributes."mlflow.spanInputs"',
                    '$.attributes."mlflow.spanOutputs"',
                    '$.attributes."mlflow.llm.model"'
                ]
            )
        ) as attributes
    from extracted
    where fields[3] is null or fields[4] in ('CHAT_MODEL', 'LLM')
),

with_inputs as (
    select
        *,
        try(
            json_extract_string(
                attributes[1],
                [
                    '$.messages', '$.input', '$.prompt', '$', '$.model',
                    '$.temperature', '$.max_tokens', '$.top_p', '$.seed'
                ]
            )
        ) as inputs
    from with_attributes
),

final as (
    select
        source_csv,
        file,
        fields[1] as trace_id,
        fields[2] as span_id,
        fields[3] is null as is_root,
        coalesce(fields[4] in ('CHAT_MODEL', 'LLM'), false) as is_call,
        fields[4] as span_type,
        try_cast(fields[5] as bigint) as ended_at_ns,
        coalesce(
            fields[6], try(json_extract_string(attributes[3], '$')), inputs[5]
        ) as model_name,
        coalesce(inputs[1], inputs[2], inputs[3], inputs[4]) as prompt,
        attributes[2] as outputs_text,
        {{ json_compact([
            ("temperature", finite_number("inputs[6]"), "optional number"),
            ("max_tokens", "try_cast(inputs[7] as bigint)", "optional number"),
            ("top_p", finite_number("inputs[8]"), "optional number"),
            ("seed", "try_cast(inputs[9] as bigint)", "optional number"),
        ]) }} as options_text
    from with_inputs
)

select * from final
