-- The rows $first to $last of the shard $file: the sizes of their texts, and metadata.
select
    file_row_number,
    doc_id,
    doc_dir,
    octet_length(raw) as raw_bytes,
    octet_length(parsed) as parsed_bytes,
    octet_length(prompt) as prompt_bytes,
    octet_length(metadata) as metadata_bytes,
    case when octet_length(metadata) <= $longest then metadata end as metadata
from read_parquet($file, file_row_number = true)
where file_row_number between $first and $last
