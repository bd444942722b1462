-- One row: the expression that turns columns `parser` and `text` into the parsed text.
-- What parses texts outside of a model runs this, in a DuckDB of its own.
select {{ sql_text(parsed_text()) }} as expression
