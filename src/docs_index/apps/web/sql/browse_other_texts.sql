-- The number of texts of documents that the index does not have, or has elsewhere.
select count(*)
from taken_in
left join stored.documents as documents on taken_in.number = documents.rowid
where documents.doc_id is not taken_in.doc_id
