-- One row per document of the index, with what the reports ask of it.
create table indexed as
select
    * exclude (meta),
    meta[1] as source_csv,
    cast(meta[2] as bigint) as row_index,
    meta[3] as response_file
from (
    select
        doc_id,
        logical_key_id,
        stage,
        task_id,
        parent_doc_id,
        template_id,
        model_id,
        run_id,
        status,
        created_at,
        doc_dir,
        raw_bytes,
        parsed_chars,
        content_hash,
        json_extract_string(
            meta_small, ['$.source_csv', '$.row_index', '$.response_file']
        ) as meta
    from stored.documents
)
