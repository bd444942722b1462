-- One row per record of a history that the build has a text of.
create table inline_sources (
    row_key varchar,
    raw_bytes bigint,
    content_hash varchar,
    has_prompt boolean,
    prompt_hash varchar
)
