-- The nested values of the table `found`, as tables.

-- One row per entry of a document's directory.
create table entries as
select
    path as doc_dir,
    entry.name,
    entry.is_file,
    entry.bytes
from (
    select
        path,
        unnest(entries) as entry
    from found
) as unfolded;

-- One row per directory whose metadata.json could be read.
create table metadata_texts as
select
    path as doc_dir,
    metadata as metadata_text
from found
where metadata is not null;
