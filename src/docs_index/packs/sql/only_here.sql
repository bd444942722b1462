-- The documents of the shard $file that none of the shards $listed has.
select here.doc_id
from read_parquet($file) as here
anti join read_parquet($listed) as others on here.doc_id = others.doc_id
