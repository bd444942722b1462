-- The documents of the shard $file.
select doc_id
from read_parquet($file)
