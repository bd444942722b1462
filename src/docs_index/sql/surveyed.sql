-- What the survey of the directories finds, and what it need not look at.

create table directories (
    doc_dir varchar,
    has_raw boolean,
    has_parsed boolean,
    has_prompt boolean
);

-- One row per directory, with the hash of its raw.txt: those of this run were checked.
create table hashes as
select
    doc_dir,
    content_hash
from pending
where not exists (select 1 from conflicts where conflicts.doc_id = pending.doc_id);

create table unchecked as
select doc_dir
from stored.documents
where doc_dir not in (select doc_dir from hashes);
