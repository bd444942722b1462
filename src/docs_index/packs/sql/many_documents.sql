-- Those of the documents $doc_dirs, with spaces between, that are in the shards $files.
-- All are from $first to $last, so that DuckDB passes over other row groups. A list as a
-- parameter would take it 0.2 ms for each item.
select
    doc_id,
    doc_dir,
    raw,
    parsed,
    prompt,
    metadata
from read_parquet($files)
where
    doc_id between $first and $last
    and doc_dir in (select unnest(string_split($doc_dirs, ' ')))
