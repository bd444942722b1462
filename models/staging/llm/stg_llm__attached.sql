-- One row per response of llm's older table that has something in the tables beside it:
-- fragments, calls and results of tools, attachments.
with tool_rows as (
    select * from {{ ref("stg_histories__tool_rows") }}
    where
        tool = 'llm'
        and fault is null
        and relation in (
            'prompt_fragments', 'system_fragments', 'tool_calls', 'tool_results',
            'prompt_attachments', 'fragments'
        )
),

extracted as (
    select
        source_csv,
        file,
        relation,
        place,
        json_extract_string(
            row,
            [
                '$.response_id', '$.order', '$.fragment_id', '$.attachment_id', '$.id',
                '$.content', '$.name', '$.arguments', '$.output', '$.tool_call_id',
                '$.exception'
            ]
        ) as fields
    from tool_rows
),

fragments as (
    select
        source_csv,
        file,
        fields[5] as fragment_id,
        fields[6] as fragment
    from extracted
    where relation = 'fragments'
),

with_texts as (
    select
        extracted.source_csv,
        extracted.file,
        extracted.relation,
        extracted.fields[1] as response_id,
        coalesce(
            try_cast(extracted.fields[2] as bigint), extracted.place
        ) as item_number,
        fragments.fragment,
        extracted.fields[4] as attachment_id,
        {{ json_compact([
            ("name", "extracted.fields[7]", "optional text"),
            (
                "arguments", "try(json_extract(extracted.fields[8], '$'))",
                "optional json"
            ),
            ("output", "extracted.fields[9]", "optional text"),
            ("tool_call_id", "extracted.fields[10]", "optional text"),
            ("exception", "extracted.fields[11]", "optional text"),
        ]) }} as tool_part
    from extracted
    left join fragments
        on
            extracted.source_csv = fragments.source_csv
            and extracted.file = fragments.file
            and extracted.fields[3] = fragments.fragment_id
    where extracted.relation != 'fragments'
),

final as (
    select
        source_csv,
        file,
        response_id,
        list(fragment order by item_number)
        filter (relation = 'prompt_fragments' and fragment is not null)
            as fragments,
        list(fragment order by item_number)
        filter (relation = 'system_fragments' and fragment is not null)
            as system_fragments,
        list(cast(tool_part as json) order by item_number)
        filter (relation = 'tool_calls') as tool_calls,
        list(cast(tool_part as json) order by item_number)
        filter (relation = 'tool_results') as tool_results,
        list(attachment_id order by item_number)
        filter (relation = 'prompt_attachments') as attachments
    from with_texts
    where response_id is not null
    group by source_csv, file, response_id
)

select * from final
