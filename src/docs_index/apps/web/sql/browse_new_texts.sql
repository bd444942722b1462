-- The documents whose texts are not searched yet.
select
    documents.rowid as number,
    documents.doc_id,
    documents.task_id,
    documents.doc_dir
from stored.documents as documents
left join taken_in on documents.rowid = taken_in.number
where taken_in.number is null
order by documents.rowid
