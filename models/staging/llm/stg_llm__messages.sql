-- One row per message of llm's message store, with its parts put together.
-- A text that borrows from fragments names them by number; their texts are filled in.
with tool_rows as (
    select * from {{ ref("stg_histories__tool_rows") }}
    where tool = 'llm' and fault is null
),

messages as (
    select
        source_csv,
        file,
        json_extract_string(row, ['$.hash', '$.parent_hash', '$.role']) as fields
    from tool_rows
    where relation = 'messages'
),

fragments as (
    select
        source_csv,
        file,
        json_extract_string(row, ['$.id', '$.content']) as fields
    from tool_rows
    where relation = 'fragments'
),

parts as (
    select
        source_csv,
        file,
        place,
        json_extract_string(
            row, ['$.message_hash', '$.position', '$.type', '$.text', '$.payload']
        ) as fields
    from tool_rows
    where relation = 'parts'
),

with_payloads as (
    select
        source_csv,
        file,
        place,
        fields[1] as message_hash,
        try_cast(fields[2] as bigint) as part_number,
        fields[3] as part_type,
        fields[4] as text,
        try(json_extract(fields[5], ['$', '$.text_ref', '$.attachment.id'])) as payload
    from parts
),

pieces as (
    select
        source_csv,
        file,
        place,
        generate_subscripts(from_json(payload[2], '["JSON"]'), 1) as piece_number,
        json_extract_string(
            unnest(from_json(payload[2], '["JSON"]')), ['$.literal', '$.fragment']
        ) as piece
    from with_payloads
    where text is null and json_type(payload[2]) = 'ARRAY'
),

borrowed as (
    select
        pieces.source_csv,
        pieces.file,
        pieces.place,
        {{ joined_texts(
            "coalesce(pieces.piece[1], fragments.fields[2])", "''", "pieces.piece_number"
        ) }} as text
    from pieces
    left join fragments
        on
            pieces.source_csv = fragments.source_csv
            and pieces.file = fragments.file
            and pieces.piece[2] = fragments.fields[1]
    group by pieces.source_csv, pieces.file, pieces.place
),

with_texts as (
    select
        with_payloads.* exclude (text),
        coalesce(with_payloads.text, borrowed.text) as text
    from with_payloads
    left join borrowed
        on
            with_payloads.source_csv = borrowed.source_csv
            and with_payloads.file = borrowed.file
            and with_payloads.place = borrowed.place
),

assembled as (
    select
        source_csv,
        file,
        message_hash,
        string_agg(text, '' order by part_number, place)
        filter (part_type = 'text') as text,
        string_agg(text, '' order by part_number, place)
        filter (part_type = 'reasoning') as reasoning,
        list(payload[1] order by part_number, place)
        filter (part_type = 'tool_call') as tool_calls,
        list(payload[1] order by part_number, place)
        filter (part_type = 'tool_result') as tool_results,
        list(json_extract_string(payload[3], '$') order by part_number, place)
        filter (part_type = 'attachment') as attachments
    from with_texts
    group by source_csv, file, message_hash
),

final as (
    select
        messages.source_csv,
        messages.file,
        messages.fields[1] as message_hash,
        messages.fields[2] as parent_hash,
        messages.fields[3] as role,
        assembled.text,
        assembled.reasoning,
        assembled.tool_calls,
        assembled.tool_results,
        assembled.attachments
    from messages
    left join assembled
        on
            messages.source_csv = assembled.source_csv
            and messages.file = assembled.file
            and messages.fields[1] = assembled.message_hash
)

select * from final
