-- Those of the documents $doc_dirs that are in the shards $files. All are between
-- $first and $last, so that DuckDB passes over other row groups. $doc_dirs has spaces
-- between: a list as a parameter would take 0.2 ms for each item.
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
