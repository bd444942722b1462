-- One row per document of which something on disk is missing or damaged, with what its
-- files must be. A row is proved if its ids and fields are made of each other: a row
-- that somebody changed proves nothing.
with asked as (
    select cast($doc_ids as varchar[]) as doc_ids
),

-- The shard that has each document, else a faulty one that may have had it.
homes as (
    select
        damaged.doc_id,
        coalesce(min_by(found.shard, found.shard_place), min(faulty.file)) as shard
    from damaged
    inner join documents on damaged.doc_id = documents.doc_id
    left join found
        on
            documents.doc_dir = found.path
            and documents.stage = split_part(found.shard, '/', 1)
    left join faulty_shards as faulty
        on
            documents.stage = faulty.stage
            and documents.doc_id between faulty.first_id and faulty.last_id
    group by damaged.doc_id
)

select distinct
    documents.doc_id,
    documents.doc_dir,
    documents.parser,
    documents.status,
    try_cast(documents.raw_bytes as bigint) as raw_bytes,
    try_cast(documents.raw_chars as bigint) as raw_chars,
    try_cast(documents.parsed_chars as bigint) as parsed_chars,
    documents.content_hash,
    case
        when documents.source_csv = 'evaluation' then $evaluation_root
        else $responses
    end as folder,
    documents.response_file,
    documents.file,
    documents.row_key,
    recorded.prompt_file,
    recorded.made_text as metadata_text,
    coalesce(
        recorded.made_doc_id = documents.doc_id
        and recorded.made_logical_key_id = documents.logical_key_id
        and recorded.made_dir = documents.doc_dir
        and recorded.made_created_at is not distinct from documents.created_at
        and recorded.meta_small = documents.meta_small
        and recorded.row_key = documents.row_key
        and (
            documents.source_csv = 'runtime'
            or starts_with(documents.row_key, recorded.made_row_prefix)
        ),
        false
    ) as is_proved,
    homes.shard
from documents
inner join homes on documents.doc_id = homes.doc_id
left join told.recorded as recorded on documents.doc_dir = recorded.found_dir
cross join asked
where len(asked.doc_ids) = 0 or list_contains(asked.doc_ids, documents.doc_id)
order by homes.shard, split_part(documents.doc_dir, '/', 1), documents.doc_id
