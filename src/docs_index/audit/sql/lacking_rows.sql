-- A document that the index lacks and that has a row in the Parquet files $files.
with packed as (select doc_id from read_parquet($files))

select packed.doc_id
from packed
anti join documents on packed.doc_id = documents.doc_id
order by packed.doc_id
limit 1
