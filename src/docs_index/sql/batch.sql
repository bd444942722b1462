-- The pending documents of a stage between two places, with the bytes to be written.
select
    pending.raw_bytes,
    pending.place,
    files.doc_id,
    files.doc_dir,
    files.folder,
    files.response_file,
    files.prompt_file,
    files.prompt_hash,
    files.parser,
    pending.parsed_chars,
    files.parsed_from,
    files.parsed_bytes,
    files.parsed_text,
    pending.content_hash,
    files.metadata_text
from pending
inner join build.main.document_files as files on pending.place = files.place
where
    pending.stage = $stage
    and pending.place between $first and $last
    and files.place between $first and $last
    and not exists (select 1 from conflicts where conflicts.doc_id = pending.doc_id)
order by pending.place
