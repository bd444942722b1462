-- What is held against each other: the index, and what is on disk, as tables.

-- One row per document of the index, every column a text.
create table documents as
select
    *,
    json_extract_string(
        try_cast(meta_small as json),
        [
            '$.source_csv', '$.combo_id', '$.response_file', '$.parent_task_id',
            '$.link_method'
        ]
    ) as small
from stored.documents;

-- One row per document whose sources or texts were looked at. A null is what could
-- not be had, and was not wanted.
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
    made_hash varchar
);
