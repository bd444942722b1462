-- One row per evaluation attempt that finds a target among the documents.
-- The target is the latest document of the named task at or before the evaluation, the
-- earliest where all are later; essay_task_id is tried first. One pass per named task
-- answers both questions.
with attempts as (select * from {{ ref("int_attempts__answered") }}),

drafts as (select * from {{ ref("int_drafts__keyed") }}),

essays as (select * from {{ ref("int_essays__resolved") }}),

documents as (
    select
        'essay_task_id' as link_method,
        task_id,
        occurred_at,
        source_csv,
        row_index,
        row_key
    from essays
    where doc_id is not null
    union all
    select
        'generation_task_id' as link_method,
        task_id,
        occurred_at,
        source_csv,
        row_index,
        row_key
    from drafts
),

questions as (
    select
        'essay_task_id' as link_method,
        essay_task_id as task_id,
        occurred_at,
        source_csv,
        row_index,
        row_key
    from attempts
    where source_csv = 'evaluation' and essay_task_id is not null
    union all
    select
        'generation_task_id' as link_method,
        generation_task_id as task_id,
        occurred_at,
        source_csv,
        row_index,
        row_key
    from attempts
    where source_csv = 'evaluation' and generation_task_id is not null
),

stream as (
    select
        *,
        {{ turn() }} as turn,
        row_key as document_row_key
    from documents
    union all
    select
        *,
        {{ turn() }} as turn,
        cast(null as varchar) as document_row_key
    from questions
),

followed as (
    select
        *,
        last_value(document_row_key ignore nulls) over (
            partition by link_method, task_id
            order by {{ stream_order() }}
            rows between unbounded preceding and current row
        ) as latest_row_key
    from stream
),

earliest as (
    select
        link_method,
        task_id,
        row_key,
        row_number() over (
            partition by link_method, task_id
            order by occurred_at asc, turn desc, row_index desc
        ) as place
    from stream
    where document_row_key is not null
),

answered as (
    select
        followed.row_key,
        followed.link_method,
        coalesce(followed.latest_row_key, earliest.row_key) as target_row_key,
        row_number() over (
            partition by followed.row_key
            order by case followed.link_method when 'essay_task_id' then 1 else 2 end
        ) as preference
    from followed
    left join earliest
        on
            followed.link_method = earliest.link_method
            and followed.task_id = earliest.task_id
            and earliest.place = 1
    where
        followed.document_row_key is null
        and coalesce(followed.latest_row_key, earliest.row_key) is not null
),

final as (
    select
        row_key,
        link_method,
        target_row_key
    from answered
    where preference = 1
)

select * from final
