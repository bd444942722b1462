-- One row per document of which something on disk is missing or damaged, with what its
-- files must be. A row is proved if its ids and fields are made of each other: a row
-- that somebody changed proves nothing.
with asked as (
    select cast($doc_ids as varchar[]) as doc_ids
),

damaged as (
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
        )
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
    ) as is_proved
from documents
inner join damaged on documents.doc_id = damaged.doc_id
left join told.recorded as recorded on documents.doc_dir = recorded.found_dir
cross join asked
where len(asked.doc_ids) = 0 or list_contains(asked.doc_ids, documents.doc_id)
order by documents.doc_dir
