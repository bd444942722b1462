-- One row per document of the index, with what the reports ask of it.
create table indexed as
select
    * exclude (meta_small, meta),
    meta[1] as source_csv,
    cast(meta[2] as bigint) as row_index,
    meta[3] as response_file
from (
    select
        *,
        json_extract_string(
            meta_small, ['$.source_csv', '$.row_index', '$.response_file']
        ) as meta
    from stored.documents
)
