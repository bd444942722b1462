-- The look-up indexes for programs. The first also allows one document per source row
-- and run_id only.
create unique index if not exists documents_by_row on documents (run_id, row_key);
create index if not exists documents_by_logical_key
on documents (logical_key_id, created_at);
create index if not exists documents_by_task on documents (stage, task_id, created_at);
create index if not exists documents_by_parent on documents (parent_doc_id);
create index if not exists document_links_by_linked on document_links (linked_doc_id);
create index if not exists documents_by_content on documents (content_hash);
