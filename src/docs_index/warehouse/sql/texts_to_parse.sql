-- One row per text and its parser, from two joined texts that are split at a separator.
-- The joined form is faster: a Python list takes 100 microseconds per item.
create macro texts_to_parse(parsers, texts, separator) as table
    select
        unnest(string_split(parsers, separator)) as parser,
        unnest(string_split(decode(texts), separator)) as text
