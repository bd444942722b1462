-- One row per JSON object in the files of tools.
with source_rows as (
    select * from {{ source('histories', 'tool_rows') }}
),

final as (
    select
        source_csv,
        tool,
        file,
        file_number,
        relation,
        place,
        position,
        row,
        fault
    from source_rows
)

select * from final
