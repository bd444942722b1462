-- Documents whose text has all the words, the best first. :words
-- In `marked`, U+E000 is before a word that was found, and U+E001 after it.
with found as (
    select
        rowid as number,
        rank,
        snippet(documents_fts, 1, char(57344), char(57345), ' … ', 40) as marked
    from texts.documents_fts
    where documents_fts match escape_fts(:words)
)

select
    documents.doc_id,
    documents.stage,
    documents.task_id,
    documents.template_id,
    documents.model_id,
    documents.created_at,
    documents.status,
    replace(replace(found.marked, char(57344), ''), char(57345), '') as excerpt,
    found.marked
from found
inner join documents on found.number = documents.rowid
order by found.rank, documents.doc_id
limit 100
