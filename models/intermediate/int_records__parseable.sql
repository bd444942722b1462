-- One row per record of a history that becomes a document and has a parser.
{{ config(materialized="replaced_view") }}
with records as (select * from {{ ref("int_records__unioned") }}),

keyed as (select * from {{ ref("int_records__keyed") }}),

final as (
    select
        records.record_number,
        records.parser,
        records.raw
    from records
    inner join keyed on records.record_number = keyed.record_number
    where records.parser is not null
)

select * from final
