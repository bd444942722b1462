-- The bad rows that something could repair, as tables of this connection. What only
-- waits for another row is not among them: an essay whose parent has no document, an
-- evaluation of an essay that is a bad row. The first is made by suggest_rows.sql.
create table source_rows as {source_rows};

-- One row per row whose response file cannot be used.
create table sought_files as
select
    write_order,
    root_folder,
    path,
    regexp_extract(path, '^(.*/)?[^/]*$', 1) as directory,
    regexp_extract(path, '[^/]*$') as name
from source_rows
where reason = 'missing_response_file' and path != '';

-- One row per essay without any draft that could be its parent. The prompt, where there
-- is one, has the same rest of the path.
create table sought_parents as
select
    source_rows.write_order,
    source_rows.combo_id,
    source_rows.model_id,
    source_rows.occurred_at,
    case
        when starts_with(source_rows.path, 'essay_responses/')
            then 'essay_prompts/'
                || substr(source_rows.path, length('essay_responses/') + 1)
    end as prompt_file
from source_rows
inner join build.main.int_essays__parented as parented
    on source_rows.row_key = parented.row_key
where
    source_rows.reason = 'unresolved_parent'
    and parented.parent_row_key is null;

-- One row per evaluation and task id that it names.
create table sought_targets as
select
    source_rows.write_order,
    unnest([named.essay_task_id, named.generation_task_id]) as task_id
from source_rows
inner join build.main.int_attempts__answered as named
    on source_rows.row_key = named.row_key
where source_rows.reason = 'unresolved_target';

delete from sought_targets
where
    task_id is null
    or write_order in (
        select sought_targets.write_order
        from sought_targets
        inner join source_rows on sought_targets.task_id = source_rows.task_id
        where source_rows.source_csv != 'evaluation' and source_rows.reason is not null
    );

-- What Python finds: regular files, those of them that a build could not use, and texts
-- that are worth comparing.
create table files (root_folder varchar, path varchar);
create table unusable (root_folder varchar, path varchar);
create table prompts (write_order bigint, text varchar);
create table draft_texts (row_key varchar, text varchar);
