-- Fails when a document has no row in document_files, or the other way round, or has
-- another write_order there, or a parent would be written after a child: a run that is
-- killed must leave no essay without its draft.
-- Does not check the texts; materialize_docs.py compares their hashes.
{{ config(meta={"dagster": {"ref": {"name": "document_files"}}}) }}
with documents as (select * from {{ ref("documents") }}),

document_files as (select * from {{ ref("document_files") }})

select
    documents.doc_id,
    document_files.doc_id as files_doc_id,
    document_files.write_order,
    parent_files.write_order as parent_write_order
from documents
full outer join document_files on documents.doc_id = document_files.doc_id
left join document_files as parent_files
    on documents.parent_doc_id = parent_files.doc_id
where
    documents.doc_id is null
    or document_files.doc_id is null
    or documents.write_order != document_files.write_order
    or parent_files.write_order > document_files.write_order
