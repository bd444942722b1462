-- One row per document of which something on disk is missing or damaged.
create table damaged as
select distinct doc_id
from findings
where
    code in (
        'directory_missing',
        'file_missing',
        'prompt_missing',
        'not_a_file',
        'size_differs',
        'content_differs',
        'parsed_differs',
        'prompt_differs',
        'metadata_unreadable',
        'metadata_differs',
        'metadata_form',
        'doc_id_differs',
        'logical_key_differs',
        'row_key_differs',
        'doc_dir_differs',
        'created_at_differs'
    );

-- One row per shard that must be written again.
create table faulty_shards as
select
    shards.file,
    shards.stage,
    shards.first_id,
    shards.last_id,
    case when shards.is_there then 'damaged' else 'missing' end as fault
from shards
where
    shards.is_listed
    and exists (
        select 1
        from findings
        where
            findings.path = 'docs/packs/' || shards.file
            and findings.code in ('shard_missing', 'shard_differs', 'shard_wrong')
    );

-- The rows of shards whose document another row before them has too.
create table repeated_rows as
select
    shard,
    shard_row,
    split_part(path, '/', 3) in (
        select damaged.doc_id from damaged
        where damaged.doc_id is not null
    ) as is_damaged
from found
where is_document and shard is not null
qualify row_number() over (partition by path order by shard_place, shard_row) > 1;
