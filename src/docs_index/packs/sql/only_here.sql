-- The documents of the shard $file that none of the shards $listed has.
with found as (select doc_id from read_parquet($file)),

listed as (select doc_id from read_parquet($listed))

select found.doc_id
from found
anti join listed on found.doc_id = listed.doc_id
