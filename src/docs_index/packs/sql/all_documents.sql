-- All documents of the shards $files, in the order of each shard.
select
    doc_id,
    doc_dir,
    raw,
    parsed,
    prompt,
    metadata
from read_parquet($files)
