-- One row per document of the index, and one per directory that no document owns.
-- A prompt is missing if the build finds one for the document's response file.
with indexed as (select * from {{ source("run", "indexed_documents") }}),

files as (select * from {{ ref("document_files") }}),

pending as (select * from {{ ref("pending") }}),

surveyed as (select * from {{ source("run", "directories") }}),

prompted as (
    select distinct response_file
    from files
    where prompt_file is not null
),

documents as (
    select
        indexed.*,
        indexed.source_csv = 'link'
        and prompted.response_file is not null as is_prompted
    from indexed
    left join prompted on indexed.response_file = prompted.response_file
),

written as (
    select
        pending.doc_dir,
        regexp_extract(pending.doc_dir, '^(.*)/', 1) as key_dir,
        true as has_raw,
        pending.status = 'ok' as has_parsed,
        files.prompt_file is not null as has_prompt,
        pending.content_hash
    from pending
    inner join files on pending.write_order = files.write_order
),

-- The survey begins before this run writes anything, and may miss all that it writes.
-- So the directory of a key that was empty in the survey may not be a stray one.
directories as (
    select
        doc_dir,
        has_raw,
        has_parsed,
        has_prompt,
        content_hash
    from surveyed
    where
        not exists (
            select 1 from written
            where written.key_dir = surveyed.doc_dir
        )
    union all
    select
        doc_dir,
        has_raw,
        has_parsed,
        has_prompt,
        content_hash
    from written
    where not exists (
        select 1 from surveyed
        where surveyed.doc_dir = written.doc_dir
    )
),

final as (
    select
        documents.doc_id,
        documents.stage,
        documents.task_id,
        coalesce(documents.doc_dir, directories.doc_dir) as doc_dir,
        directories.doc_dir is not null as dir_exists,
        case
            when documents.doc_id is not null
                then not coalesce(directories.has_raw, false)
        end as missing_raw,
        case
            when documents.doc_id is not null
                then
                    documents.status = 'ok'
                    and not coalesce(directories.has_parsed, false)
        end as missing_parsed,
        case
            when documents.doc_id is not null
                then
                    documents.is_prompted
                    and not coalesce(directories.has_prompt, false)
        end as missing_prompt,
        case
            when documents.doc_id is not null
                then coalesce(directories.content_hash = documents.content_hash, false)
        end as content_matches
    from documents
    full join directories on documents.doc_dir = directories.doc_dir
)

select * from final
order by doc_id is null, doc_dir
