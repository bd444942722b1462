-- One row per document of the index, and one per directory that no document owns.
-- A prompt is missing where the build finds one for the document's response file.
with prompted as (
    select distinct response_file
    from build.main.document_files
    where prompt_file is not null
),

documents as (
    select
        indexed.*,
        indexed.source_csv = 'link'
        and prompted.response_file is not null as is_prompted
    from indexed
    left join prompted on indexed.response_file = prompted.response_file
)

select
    documents.doc_id,
    documents.stage,
    documents.task_id,
    coalesce(documents.doc_dir, directories.doc_dir) as doc_dir,
    directories.doc_dir is not null as dir_exists,
    case
        when documents.doc_id is not null then not coalesce(directories.has_raw, false)
    end as missing_raw,
    case
        when documents.doc_id is not null
            then documents.status = 'ok' and not coalesce(directories.has_parsed, false)
    end as missing_parsed,
    case
        when documents.doc_id is not null
            then documents.is_prompted and not coalesce(directories.has_prompt, false)
    end as missing_prompt,
    case
        when documents.doc_id is not null
            then coalesce(directories.content_hash = documents.content_hash, false)
    end as content_matches
from documents
full join directories on documents.doc_dir = directories.doc_dir
order by documents.doc_id is null, coalesce(documents.doc_dir, directories.doc_dir)
