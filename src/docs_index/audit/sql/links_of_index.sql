-- The rows of `document_links` in an index in SQLite, as Parquet has them.
select
    documents.rowid as place,
    links.*
from stored.document_links as links
inner join stored.documents as documents on links.doc_id = documents.doc_id
