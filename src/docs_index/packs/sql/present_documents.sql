-- Which texts each document of the shards $files has.
select
    doc_dir,
    raw is not null as has_raw,
    parsed is not null as has_parsed,
    prompt is not null as has_prompt,
    sha256(raw) as content_hash
from read_parquet($files)
