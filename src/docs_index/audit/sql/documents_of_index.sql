-- The rows of `documents` in an index in SQLite, as Parquet has them.
select
    documents.rowid as place,
    documents.*
from stored.documents as documents
