-- Rows against one another. A record of a history has the parent that it names. What a
-- program added has the parent that the program gave it, of any run_id and model; a
-- repair may name a draft of any combo, model and time.
-- An evaluation may be older than what it judges, where no earlier attempt of the task
-- is there; an essay is older than its draft only where a repair says so.
insert into findings
with children as (
    select
        documents.doc_id,
        documents.stage,
        documents.run_id,
        documents.model_id,
        documents.created_at,
        documents.parent_doc_id,
        documents.source_csv,
        documents.combo_id,
        documents.link_method,
        documents.parent_task_id as recorded_parent_task_id,
        documents.file is not null as is_of_history,
        'docs/' || documents.doc_dir as path,
        parents.doc_id as found_doc_id,
        parents.stage as parent_stage,
        parents.run_id as parent_run_id,
        parents.model_id as parent_model_id,
        parents.task_id as parent_task_id,
        parents.created_at as parent_created_at,
        parents.combo_id as parent_combo_id,
        methods.is_join = 'true' as is_joined
    from documents
    left join documents as parents on documents.parent_doc_id = parents.doc_id
    left join link_methods as methods on documents.link_method = methods.link_method
)

select
    'parent_missing' as code,
    doc_id,
    path,
    coalesce('there is no document ' || parent_doc_id, 'it names no parent') as detail
from children
where
    found_doc_id is null
    and (parent_doc_id is not null or (stage != 'draft' and not is_of_history))
union all
select
    'parent_wrong' as code,
    doc_id,
    path,
    array_to_string(
        list_filter(
            [
                case
                    when is_of_history then null
                    when stage = 'draft' then 'a draft has no parent'
                    when
                        parent_stage
                        != case link_method
                            when 'generation_task_id' then 'draft'
                            when 'essay_task_id' then 'essay'
                            else 'draft'
                        end
                        and not (
                            coalesce(not is_joined, false)
                            and stage = 'evaluation'
                            and parent_stage = 'essay'
                        )
                        then 'its parent is of stage ' || parent_stage
                end,
                case
                    when
                        is_joined is null
                        or (link_method in ('follows', 'target')) != is_of_history
                        or (link_method = 'given') != (source_csv = 'runtime')
                        or (
                            is_joined
                            and (stage = 'essay') != (link_method = 'timestamp_join')
                        )
                        then 'link_method is ' || coalesce(link_method, 'missing')
                end,
                case
                    when
                        parent_run_id != run_id
                        and source_csv is distinct from 'runtime'
                        then 'its parent is of another run_id'
                end,
                case
                    when parent_task_id is distinct from recorded_parent_task_id
                        then 'its parent is task ' || parent_task_id
                end,
                case
                    when
                        stage = 'essay'
                        and not is_of_history
                        and link_method is distinct from 'repair'
                        and (
                            (
                                parent_model_id != model_id
                                and source_csv is distinct from 'runtime'
                            )
                            or parent_combo_id is distinct from combo_id
                        )
                        then 'its parent is of another combo or model'
                end
            ],
            lambda fault: fault is not null
        ),
        '; '
    ) as detail
from children
where found_doc_id is not null and detail != ''
union all
select
    'parent_later' as code,
    doc_id,
    path,
    'the draft is of ' || parent_created_at || ', the essay of ' || created_at as detail
from children
where
    stage = 'essay'
    and not is_of_history
    and parent_created_at > created_at
    and link_method is distinct from 'repair'
union all
select
    'row_repeated' as code,
    doc_id,
    'docs/' || doc_dir as path,
    'there are several of run_id ' || run_id || ' and row_key ' || row_key as detail
from documents
where run_id is not null and row_key is not null
qualify count(*) over (partition by run_id, row_key) > 1
union all
select
    'row_repeated' as code,
    doc_id,
    'docs/' || doc_dir as path,
    'there are several of this doc_id' as detail
from documents
where doc_id is not null
qualify count(*) over (partition by doc_id) > 1
