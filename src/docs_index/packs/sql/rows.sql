-- The rows $first to $last of the shard $file.
select
    file_row_number,
    doc_id,
    doc_dir,
    raw,
    parsed,
    prompt,
    metadata
from read_parquet($file, file_row_number = true)
where file_row_number between $first and $last
