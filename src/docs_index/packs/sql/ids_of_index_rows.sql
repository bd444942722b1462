-- The doc_ids in the files of index rows $files.
select doc_id
from read_parquet($files)
