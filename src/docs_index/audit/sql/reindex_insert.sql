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
    score,
    meta_small
from good;

insert into stored.document_links by name
select
    doc_id,
    role,
    position,
    linked_doc_id
from made_links
where made_links.doc_id in (select good.doc_id from good);
