-- Fails when a parser makes something else of an example than the seed says, or a
-- parser has no example: the seed is what people read to learn what a parser does.
-- Does not check odd input; the unit tests of int_parser_examples__parsed do.
{{ config(meta={"dagster": {"ref": {"name": "int_parser_examples__parsed"}}}) }}
with examples as (select * from {{ ref("int_parser_examples__parsed") }}),

parsers as (select * from {{ ref("parsers") }})

select
    parsers.parser,
    examples.fact,
    examples.text,
    examples.expected_text,
    examples.parsed_text
from parsers
full outer join examples on parsers.parser = examples.parser
where
    examples.parsed_text is distinct from examples.expected_text
    or parsers.parser is null
    or examples.fact is null
