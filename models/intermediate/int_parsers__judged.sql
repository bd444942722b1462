-- One row per own parser, with its faults, and with its branch in parser_sql.
with own as (select * from {{ ref("stg_raw__parsers") }}),

built_in as (select * from {{ ref("parsers") }}),

final as (
    {{ judged_parsers("own", "built_in") }}
)

select * from final
