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

-- One row per document's directory with files: the sizes of its texts.
create view text_sizes as
select
    doc_dir,
    max(bytes) filter (where name = 'raw.txt') as raw_size,
    max(bytes) filter (where name = 'parsed.txt') as parsed_size,
    max(bytes) filter (where name = 'prompt.txt') as prompt_size
from entries
where is_file
group by doc_dir;

-- One row per directory whose metadata.json could be read.
create table metadata_texts as
select
    path as doc_dir,
    metadata as metadata_text
from found
where metadata is not null;
