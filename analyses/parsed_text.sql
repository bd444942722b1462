-- An expression over columns `parser` and `text`: the parsed text, null without one.
-- `make sql` renders this into src/docs_index/warehouse/rendered.
{{ parsed_text() }}
