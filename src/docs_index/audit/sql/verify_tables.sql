-- The tables that are compared: the index, and the texts and sources on disk.

-- One row per document of the index, every column a text, with those fields of
-- meta_small that are compared. The text of a score reads back as the same double.
create table documents as
with held as (
    select
        indexed.* replace (
            coalesce(cast(exact_scores.score as varchar), indexed.score) as score
        ),
        json_transform(
            try_cast(indexed.meta_small as json),
            '{
                "source_csv": "VARCHAR",
                "combo_id": "VARCHAR",
                "response_file": "VARCHAR",
                "parent_task_id": "VARCHAR",
                "link_method": "VARCHAR",
                "file": "VARCHAR",
                "targets": "VARCHAR[]"
            }'
        ) as small
    from stored.documents as indexed
    left join exact_scores on indexed.rowid = exact_scores.place
)

select
    held.* exclude (small),
    held.small.source_csv,
    held.small.combo_id,
    held.small.response_file,
    held.small.parent_task_id,
    held.small.link_method,
    held.small.file,
    held.small.targets
from held;

-- One row per document whose sources or texts were inspected. A value is null if it
-- could not be read, or was not needed.
create table contents (
    doc_id varchar,
    is_read boolean,
    is_source_missing boolean,
    raw_source_bytes bigint,
    raw_source_hash varchar,
    prompt_source_bytes bigint,
    prompt_source_hash varchar,
    raw_hash varchar,
    raw_chars bigint,
    parsed_hash varchar,
    parsed_chars bigint,
    prompt_hash varchar,
    made_hash varchar,
    is_parser_known boolean
);
