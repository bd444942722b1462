-- Functions of DuckDB that give what SQLite's of the same names do.
create macro json_extract(document, path) as json_extract_string(document, path);

create macro json_quote(value) as to_json(value)
