-- Compares metadata.json with the row, and its values with each other.
insert into findings
with compared as (
    select
        documents.doc_id,
        recorded.*,
        json_valid(recorded.metadata_text) as is_json,
        [
            difference('doc_id', documents.doc_id, recorded.doc_id),
            difference(
                'logical_key_id',
                documents.logical_key_id,
                recorded.logical_key_id
            ),
            difference('stage', documents.stage, recorded.stage),
            difference('task_id', documents.task_id, recorded.task_id),
            difference(
                'parent_doc_id',
                documents.parent_doc_id,
                recorded.parent_doc_id
            ),
            difference('template_id', documents.template_id, recorded.template_id),
            difference('model_id', documents.model_id, recorded.model_id),
            difference('run_id', documents.run_id, recorded.run_id),
            difference('row_key', documents.row_key, recorded.row_key),
            difference('parser', documents.parser, recorded.parser),
            difference('status', documents.status, recorded.status),
            difference('created_at', documents.created_at, recorded.created_at),
            difference('doc_dir', documents.doc_dir, recorded.doc_dir),
            difference(
                'raw_bytes',
                documents.raw_bytes,
                cast(recorded.raw_bytes as varchar)
            ),
            difference(
                'raw_chars',
                documents.raw_chars,
                cast(recorded.raw_chars as varchar)
            ),
            difference(
                'parsed_chars',
                documents.parsed_chars,
                cast(recorded.parsed_chars as varchar)
            ),
            difference(
                'content_hash',
                documents.content_hash,
                recorded.content_hash
            ),
            difference(
                'score',
                documents.score,
                -- The index has no negative zero: SQLite keeps it as 0.0.
                cast(recorded.score + 0.0 as varchar)
            ),
            difference('meta_small', documents.meta_small, recorded.meta_small)
        ] as all_differences
    from recorded
    inner join documents on recorded.found_dir = documents.doc_dir
),

facts as (
    select
        *,
        list_filter(all_differences, lambda found: found is not null) as differences,
        is_json and json_type(case when is_json then metadata_text end) = 'OBJECT'
            as is_object,
        coalesce(
            source_csv != 'runtime'
            and made_created_at != timestamp_text
            and starts_with(
                row_key, source_csv || ':' || task_id || ':' || timestamp_text || ':'
            ),
            false
        ) as is_old_row_key,
        'docs/' || found_dir || '/metadata.json' as path
    from compared
)

select
    'metadata_unreadable' as code,
    documents.doc_id,
    'docs/' || documents.doc_dir || '/metadata.json' as path,
    'it cannot be read as UTF-8' as detail
from documents
inner join entries
    on documents.doc_dir = entries.doc_dir and entries.name = 'metadata.json'
left join metadata_texts on documents.doc_dir = metadata_texts.doc_dir
where entries.is_file and metadata_texts.doc_dir is null
union all
select
    'metadata_unreadable' as code,
    doc_id,
    path,
    'it is not a JSON object' as detail
from facts
where not is_object
union all
select
    'metadata_differs' as code,
    doc_id,
    path,
    array_to_string(differences, '; ') as detail
from facts
where is_object and len(differences) > 0
union all
select
    'metadata_form' as code,
    doc_id,
    path,
    'its fields, blanks or order are not as the program writes them' as detail
from facts
where is_object and len(differences) = 0 and metadata_text is distinct from made_text
union all
select
    'doc_id_differs' as code,
    doc_id,
    path,
    'its parts give ' || coalesce(made_doc_id, 'no key') as detail
from facts
where is_object and made_doc_id is distinct from split_part(found_dir, '/', 3)
union all
select
    'logical_key_differs' as code,
    doc_id,
    path,
    'its parts give ' || coalesce(made_logical_key_id, 'no key') as detail
from facts
where is_object and made_logical_key_id is distinct from split_part(found_dir, '/', 2)
union all
select
    case when is_old_row_key then 'row_key_old' else 'row_key_differs' end as code,
    doc_id,
    path,
    case
        when is_old_row_key
            then 'it has the time as its table writes it, not ' || made_created_at
        when source_csv = 'runtime' then 'it is not an attempt id of a program'
        else 'it does not begin with ' || coalesce(made_row_prefix, 'its parts')
    end as detail
from facts
where
    is_object
    and not coalesce(
        case
            when source_csv = 'runtime'
                then
                    regexp_matches(row_key, '[^ \t\r\n]')
                    and not regexp_matches(row_key, '^(draft|link|essay|evaluation):')
            when file is not null
                then
                    starts_with(row_key, made_row_prefix)
                    and row_key != made_row_prefix
            else
                starts_with(row_key, made_row_prefix)
                and regexp_full_match(
                    substr(row_key, length(made_row_prefix) + 1), '[1-9][0-9]*'
                )
        end,
        false
    )
union all
select
    'doc_dir_differs' as code,
    doc_id,
    path,
    'its parts give ' || coalesce(made_dir, 'no directory') as detail
from facts
where is_object and made_dir is distinct from found_dir
union all
select
    'created_at_differs' as code,
    doc_id,
    path,
    'its timestamp gives ' || coalesce(made_created_at, 'no instant') as detail
from facts
where is_object and made_created_at is distinct from created_at
