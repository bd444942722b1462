-- One row per trace of mlflow whose spans are in the file: what its root was asked and
-- answered, and what model gave the answer. Of several calls of models, the one that
-- ended last names the model; a chat model goes before a plain one.
with spans as (select * from {{ ref("stg_mlflow__spans") }}),

traces as (
    select
        source_csv,
        file,
        trace_id,
        arg_min(
            {
                'asked': prompt,
                'outputs': outputs_text
            },
            coalesce(span_id, '')
        ) filter (is_root) as root,
        arg_max(
            {
                'model': model_name,
                'options': options_text
            },
            (
                span_type = 'CHAT_MODEL', coalesce(ended_at_ns, 0),
                coalesce(span_id, '')
            )
        ) filter (is_call and model_name is not null) as answering,
        list_sort(
            list(distinct model_name) filter (is_call and model_name is not null)
        ) as models
    from spans
    group by source_csv, file, trace_id
),

with_outputs as (
    select
        *,
        -- The forms of OpenAI's chat completions and responses, of Anthropic, Ollama
        -- and LangChain.
        try(
            json_extract(
                root.outputs,
                [
                    '$', '$.choices[0].message', '$.choices[0].message.content',
                    '$.message.content', '$.generations[0][0].text',
                    '$.choices[0].text', '$.output', '$.content'
                ]
            )
        ) as outputs
    from traces
),

with_content as (
    select
        *,
        list_filter(
            outputs[3:], lambda output: json_type(output) != 'NULL'
        )[1] as answer
    from with_outputs
),

with_parts as (
    select
        *,
        -- A list of messages or of their parts, each with its type.
        if(
            json_type(answer) = 'ARRAY' and json_type(answer, '$[0].type') = 'VARCHAR',
            list_concat(
                json_extract_string(answer, '$[*].content[*].text'),
                json_extract_string(answer, '$[*].text')
            ),
            null
        ) as parts
    from with_content
),

final as (
    select
        source_csv,
        file,
        trace_id,
        root.asked as prompt,
        case
            -- A message without a word calls tools.
            when
                json_array_length(outputs[2], '$.tool_calls') > 0
                and coalesce(json_extract_string(answer, '$'), '') = ''
                then null
            when parts is not null
                then if(len(parts) > 0, array_to_string(parts, ''), null)
            when answer is not null then json_extract_string(answer, '$')
            when json_type(outputs[2]) = 'OBJECT' then null
            when outputs is not null then json_extract_string(outputs[1], '$')
            else root.outputs
        end as response,
        answering.model as model_id,
        nullif(answering.options, '{}') as options_text,
        if(len(models) > 1, models, null) as models
    from with_parts
)

select * from final
