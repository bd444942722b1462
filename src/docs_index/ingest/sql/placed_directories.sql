-- The survey begins before this run places anything, and may have seen nothing of it:
-- such directories are what this run wrote.
insert into directories
select
    pending.doc_dir,
    true as has_raw,
    pending.status = 'ok' as has_parsed,
    files.prompt_file is not null as has_prompt,
    pending.content_hash
from pending
inner join build.main.document_files as files on pending.write_order = files.write_order
where
    not exists (select 1 from conflicts where conflicts.doc_id = pending.doc_id)
    and not exists (
        select 1 from directories where directories.doc_dir = pending.doc_dir
    );

-- A key's directory that was empty then is no stray one now.
delete from directories
where doc_dir in (
    select regexp_extract(pending.doc_dir, '^(.*)/', 1)
    from pending
    where not exists (select 1 from conflicts where conflicts.doc_id = pending.doc_id)
);
