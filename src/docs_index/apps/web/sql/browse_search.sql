-- Documents whose text has all the words, the best first. :words
select
    documents.doc_id,
    documents.stage,
    documents.task_id,
    documents.template_id,
    documents.model_id,
    snippet(documents_fts.documents_fts, 1, '[', ']', ' … ', 24) as excerpt
from documents_fts
inner join documents on documents_fts.rowid = documents.rowid
where
    documents_fts.documents_fts match coalesce(nullif(escape_fts(:words), ''), '""')
order by documents_fts.rank, documents.doc_id
limit 100
