-- One row per answer that llm logged, as its table has it: a turn of the message store
-- (llm 0.36 and later), or a response of the older table. An upgraded file has both,
-- and llm moves nothing; an answer that is in both is the turn, as llm reads it.
with source_rows as (
    select * from {{ ref("stg_histories__tool_rows") }}
    where tool = 'llm' and relation in ('turns', 'responses') and fault is null
),

extracted as (
    select
        *,
        json_extract_string(
            row,
            [
                '$.id', '$.thread_id', '$.conversation_id', '$.parent_message_hash',
                '$.tip_message_hash', '$.prompt', '$.system', '$.response',
                '$.reasoning', '$.model', '$.resolved_model', '$.options_json',
                '$.schema_id', '$.input_tokens', '$.output_tokens', '$.token_details',
                '$.duration_ms', '$.datetime_utc'
            ]
        ) as fields
    from source_rows
),

named as (
    select
        source_csv,
        file,
        file_number,
        relation,
        place,
        position,
        fields[1] as answer_id,
        coalesce(fields[2], fields[3]) as conversation_id,
        fields[4] as parent_hash,
        fields[5] as tip_hash,
        fields[6] as prompt,
        fields[7] as system_prompt,
        fields[8] as response,
        fields[9] as reasoning,
        fields[10] as asked_model,
        fields[11] as resolved_model,
        fields[12] as options_text,
        fields[13] as schema_id,
        fields[14] as input_tokens,
        fields[15] as output_tokens,
        fields[16] as token_details,
        fields[17] as duration_ms,
        fields[18] as timestamp_text
    from extracted
),

final as (
    select
        *,
        -- The order in which llm itself goes on with a conversation of the older table.
        lag(answer_id) over (
            partition by source_csv, file, relation, conversation_id
            order by answer_id, place
        ) as answer_before_id
    from named
    qualify
        answer_id is null
        or relation = 'turns'
        or bool_and(relation = 'responses') over (
            partition by source_csv, file, answer_id
        )
)

select * from final
