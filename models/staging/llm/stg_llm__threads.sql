-- One row per thread of llm's message store.
with source_rows as (
    select * from {{ ref("stg_histories__tool_rows") }}
    where tool = 'llm' and relation = 'threads' and fault is null
),

extracted as (
    select
        source_csv,
        file,
        json_extract_string(row, ['$.id', '$.forked_from']) as fields
    from source_rows
),

final as (
    select
        source_csv,
        file,
        fields[1] as thread_id,
        fields[2] as forked_from
    from extracted
)

select * from final
