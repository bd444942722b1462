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
        nullif(array_to_string(pieces, ''), '') as row,  -- noqa: RF04
        fault
    from source_rows
    where source_csv is not null  -- see warehouse/histories/loading.py
)

select * from final
