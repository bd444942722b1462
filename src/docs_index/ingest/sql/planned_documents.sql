-- The documents of $listed, numbers with commas between; all are from $first to $last.
select
    write_order,
    doc_id,
    doc_dir,
    folder,
    response_file,
    prompt_file,
    prompt_hash,
    parser,
    parsed_chars,
    parsed_from,
    parsed_bytes,
    parsed_text,
    content_hash,
    metadata_text,
    record_number
from build.main.document_files
where
    write_order between $first and $last
    and write_order in (select cast(unnest(string_split($listed, ',')) as bigint))
