-- Directories that tell of no row, or may hold some that do, and rows that the index
-- would not take: a column that must have a value is null, or a check of the index
-- fails.
insert into findings
select
    case
        when
            not coalesce(list_contains(names, 'metadata.json'), false)
            and problem is null
            then 'file_missing'
        else 'metadata_unreadable'
    end as code,
    null as doc_id,
    'docs/' || path || '/metadata.json' as path,
    coalesce(problem, 'it is not there, or no regular file, or not UTF-8') as detail
from (
    select
        *,
        list_transform(entries, lambda entry: entry.name) as names
    from found
) as named
where is_document and metadata is null
union all
select
    'unreadable' as code,
    null as doc_id,
    'docs/' || path as path,
    problem as detail
from found
where not is_document and problem is not null and code is null
union all
select
    'constraint_broken' as code,
    doc_id,
    'docs/' || doc_dir || '/metadata.json' as path,
    'no row of the index may be so' as detail
from documents
where
    doc_id is not null
    and not coalesce(
        regexp_full_match(stage, '[a-z][a-z0-9_]*')
        and status in (select statuses.status from statuses)
        and (parsed_chars is null) = (status = 'parse_error')
        and length(content_hash) = 64
        and try_cast(raw_bytes as bigint) >= 0
        and try_cast(raw_chars as bigint) >= 0
        and logical_key_id is not null
        and task_id is not null
        and template_id is not null
        and model_id is not null
        and run_id is not null
        and row_key is not null
        and (created_at is not null or file is not null)
        and doc_dir is not null
        and meta_small is not null,
        false
    )
