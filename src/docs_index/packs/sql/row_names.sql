-- The rows $first to $last of the shard $file: which document each is.
select
    file_row_number,
    doc_dir
from read_parquet($file, file_row_number = true)
where file_row_number between $first and $last
