-- One row per example of a parser, with what the parser makes of it.
with examples as (select * from {{ ref("parser_examples") }}),

final as (
    select
        parser,
        fact,
        text,
        expected_text,
        {{ parsed_text() }} as parsed_text
    from examples
)

select * from final
