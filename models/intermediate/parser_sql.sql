-- One row: the expression that turns columns `parser`, `text` and `last_object` into
-- the parsed text. Python evaluates it, in a separate DuckDB, to parse texts outside of
-- a model. The build stops here if an own parser has a fault.
{{ config(pre_hook="{{ refuse_own_parsers('int_parsers__judged') }}") }}
with own_parsers as (select * from {{ ref("int_parsers__judged") }})

select {{ parser_expression() }} as expression
from own_parsers
