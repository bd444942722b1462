-- One row: the expression that turns columns `parser` and `text` into the parsed text.
-- Python evaluates it, in a separate DuckDB, to parse texts outside of a model.
select {{ sql_text(parsed_text()) }} as expression
