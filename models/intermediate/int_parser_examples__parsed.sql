-- One row per example of a parser, with its parsed text.
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
