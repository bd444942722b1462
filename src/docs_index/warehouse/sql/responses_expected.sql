-- One row per question that has been answered.
create or replace temp table answers (
    asked_id bigint,
    cause varchar,
    raw_bytes bigint,
    raw_chars bigint,
    content_hash varchar,
    parsed_chars bigint,
    parsed_from bigint,
    parsed_bytes bigint,
    parsed_text varchar,
    signature varchar
)
