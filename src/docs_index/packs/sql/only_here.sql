-- The directory of each document of the shards $files that none of $listed has.
with found as (
    select
        doc_id,
        doc_dir
    from read_parquet($files)
),

listed as (select doc_id from read_parquet($listed))

select found.doc_dir
from found
anti join listed on found.doc_id = listed.doc_id
