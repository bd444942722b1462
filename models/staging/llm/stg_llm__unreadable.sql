-- One row per row of llm's tables that cannot be read, where an answer needs it.
with source_rows as (
    select * from {{ ref("stg_histories__tool_rows") }}
    where tool = 'llm' and fault is not null
),

final as (
    select
        source_csv,
        file,
        file_number,
        relation,
        place,
        position,
        'table ' || relation || ': ' || fault as fault
    from source_rows
    where relation in ('responses', 'turns', 'messages', 'parts', 'fragments')
)

select * from final
