-- One row per part of a value of a mapping: a column, a constant, or of a file's name.
with field_rows as (
    select * from {{ source('histories', 'fields') }}
),

final as (
    select
        source_csv,
        field,
        part,
        kind,
        text,
        is_optional,
        accepted,
        value
    from field_rows
)

select * from final
