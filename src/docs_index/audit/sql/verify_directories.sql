-- Compares rows with directories, or with rows of shards.
insert into findings
with expected as (
    select
        documents.doc_id,
        documents.doc_dir,
        names.name
    from documents
    inner join found
        on documents.doc_dir = found.path and found.is_document
    cross join (values ('raw.txt'), ('parsed.txt'), ('metadata.json')) as names (name)
    where
        found.problem is null
        and (names.name != 'parsed.txt' or documents.status = 'ok')
),

-- The documents that may have a prompt. A program's prompt has no source file, and that
-- of a record is in its history.
prompted as (
    select
        documents.doc_id,
        documents.doc_dir,
        recorded.prompt_file
    from documents
    inner join recorded on documents.doc_dir = recorded.found_dir
    where
        recorded.prompt_file is not null
        or recorded.source_csv = 'runtime'
        or recorded.file is not null
)

select
    'directory_missing' as code,
    documents.doc_id,
    'docs/' || documents.doc_dir as path,
    documents.stage || ' ' || documents.task_id as detail
from documents
left join found on documents.doc_dir = found.path and found.is_document
where
    found.path is null
    and not exists (
        select 1
        from found as unreadable
        where
            unreadable.problem is not null
            and starts_with(documents.doc_dir || '/', unreadable.path || '/')
    )
    and not exists (
        select 1
        from shards
        where
            shards.problem is not null
            and shards.stage = documents.stage
            and documents.doc_id between shards.first_id and shards.last_id
    )
union all
select
    'directory_unindexed' as code,
    split_part(found.path, '/', 3) as doc_id,
    'docs/' || found.path as path,
    'no row has this doc_dir' as detail
from found
left join documents on found.path = documents.doc_dir
where found.is_document and documents.doc_id is null
union all
select
    case
        when path = '.unpublished' then 'unfinished_run'
        when problem is not null then 'unreadable'
        else 'stray_entry'
    end as code,
    null as doc_id,
    'docs/' || path as path,
    coalesce(
        problem,
        case
            when starts_with(path, 'packs/') then 'it is not a shard'
            else 'it is not a directory of a document'
        end
    ) as detail
from found
where not is_document and code is null
union all
select
    'unreadable' as code,
    split_part(path, '/', 3) as doc_id,
    'docs/' || path as path,
    problem as detail
from found
where is_document and problem is not null
union all
select
    'file_missing' as code,
    expected.doc_id,
    'docs/' || expected.doc_dir || '/' || expected.name as path,
    'there is no such file' as detail
from expected
left join entries
    on expected.doc_dir = entries.doc_dir and expected.name = entries.name
where entries.name is null
union all
select
    'prompt_missing' as code,
    prompted.doc_id,
    'docs/' || prompted.doc_dir || '/prompt.txt' as path,
    'its prompt is 3_generation/' || prompted.prompt_file as detail
from prompted
inner join contents on prompted.doc_id = contents.doc_id
left join entries
    on prompted.doc_dir = entries.doc_dir and entries.name = 'prompt.txt'
where contents.prompt_source_bytes is not null and entries.name is null
union all
select
    'prompt_missing' as code,
    documents.doc_id,
    'docs/' || documents.doc_dir || '/prompt.txt' as path,
    'its prompt is in ' || documents.file as detail
from documents
inner join inline_sources on documents.row_key = inline_sources.row_key
inner join found on documents.doc_dir = found.path and found.is_document
left join entries
    on documents.doc_dir = entries.doc_dir and entries.name = 'prompt.txt'
where
    documents.file is not null
    and found.problem is null
    and inline_sources.has_prompt
    and entries.name is null
union all
select
    case
        when entries.is_file or expected.name is null and prompted.doc_dir is null
            then 'file_unexpected'
        else 'not_a_file'
    end as code,
    documents.doc_id,
    'docs/' || entries.doc_dir || '/' || entries.name as path,
    case
        when entries.is_file then 'a file of ' || entries.bytes || ' bytes'
        else 'it is not a regular file'
    end as detail
from entries
inner join documents on entries.doc_dir = documents.doc_dir
left join expected
    on entries.doc_dir = expected.doc_dir and entries.name = expected.name
left join prompted
    on entries.doc_dir = prompted.doc_dir and entries.name = 'prompt.txt'
where
    not entries.is_file
    or (expected.name is null and prompted.doc_dir is null)
union all
select
    'size_differs' as code,
    documents.doc_id,
    'docs/' || documents.doc_dir || '/' || entries.name as path,
    entries.bytes || ' bytes; its index row says '
    || case
        when entries.name = 'raw.txt' then documents.raw_bytes || ' bytes'
        else documents.parsed_chars || ' characters'
    end as detail
from documents
inner join entries on documents.doc_dir = entries.doc_dir
where
    entries.is_file
    and case entries.name
        when 'raw.txt'
            then entries.bytes is distinct from try_cast(documents.raw_bytes as bigint)
        when 'parsed.txt'
            then
                documents.status = 'ok'
                and case
                    when documents.parser is null
                        then
                            entries.bytes
                            is distinct from try_cast(documents.raw_bytes as bigint)
                    -- A character has 1 to 4 bytes; the row may have any number.
                    else
                        try_cast(documents.parsed_chars as bigint)
                        not between (entries.bytes + 3) // 4 and entries.bytes
                end
        else false
    end
