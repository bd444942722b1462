-- Inserts the documents without findings into the new index, parents first.
insert into stored.documents by name
select
    doc_id,
    logical_key_id,
    stage,
    task_id,
    parent_doc_id,
    template_id,
    model_id,
    run_id,
    row_key,
    parser,
    status,
    created_at,
    doc_dir,
    raw_bytes,
    raw_chars,
    parsed_chars,
    content_hash,
    meta_small
from good;
