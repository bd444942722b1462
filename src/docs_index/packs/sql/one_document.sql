-- The document of $doc_id and $doc_dir in the shards $files.
select
    doc_id,
    doc_dir,
    raw,
    parsed,
    prompt,
    metadata
from read_parquet($files)
where doc_id = $doc_id and doc_dir = $doc_dir
