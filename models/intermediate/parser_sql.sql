-- One row: the expression that turns columns `parser` and `text` into the parsed text.
-- Whoever has a text to parse outside of a model runs this, in a DuckDB of its own.
select {{ sql_text(parsed_text()) }} as expression
