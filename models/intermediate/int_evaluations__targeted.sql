-- One row per evaluation attempt, with the attempt that is its target.
-- The target is the document that a repair names. Else it is among the essay attempts
-- of essay_task_id, if the essay table has any row of it, and otherwise among the draft
-- and link attempts of generation_task_id: the latest of the task at or before the
-- evaluation, or the earliest if all are later, whether or not it has a document.
{% set repair_kinds = ["row_key", "doc_id", "essay_task", "draft_task"] %}
with attempts as (select * from {{ ref("int_attempts__answered") }}),

source_rows as (select * from {{ ref("int_rows__classified") }}),

drafts as (select * from {{ ref("int_drafts__keyed") }}),

essays as (
    select *
    from {{ ref("int_essays__resolved") }}
    where doc_id is not null
),

repairs as (
    select *
    from {{ ref("int_repairs__judged") }}
    where action = 'set_target' and not is_repeat
),

recorded_essays as (
    select distinct task_id
    from source_rows
    where source_csv = 'essay' and task_id is not null
),

asking as (
    select
        attempts.row_key,
        attempts.row_index,
        attempts.source_csv,
        attempts.occurred_at,
        case
            when recorded_essays.task_id is not null then 'essay_task_id'
            when attempts.generation_task_id is not null then 'generation_task_id'
        end as kind,
        coalesce(recorded_essays.task_id, attempts.generation_task_id) as name
    from attempts
    left join recorded_essays on attempts.essay_task_id = recorded_essays.task_id
    where attempts.source_csv = 'evaluation'
),

candidates as (
    select
        case source_csv
            when 'essay' then 'essay_task_id' else 'generation_task_id'
        end as kind,
        task_id as name,
        occurred_at,
        source_csv,
        row_index,
        row_key
    from attempts
    where source_csv in ('draft', 'link', 'essay')
    union all
    {{ documents_named("essays", "essay", "repairs") }}
    union all
    {{ documents_named("drafts", "draft", "repairs") }}
),

questions as (
    {{ questions_of_repairs("repairs", repair_kinds) }}
    union all
    select
        kind,
        name,
        occurred_at,
        source_csv,
        row_index,
        row_key,
        {{ repair_kinds | length + 1 }} as preference
    from asking
    where kind is not null
),

found as (
    select * from {{ found_by_name("candidates", "questions") }}
),

final as (
    select
        asking.row_key,
        case
            when found.preference <= {{ repair_kinds | length }} then 'repair'
            else asking.kind
        end as link_method,
        found.found_row_key as target_row_key
    from asking
    left join found on asking.row_key = found.row_key
)

select * from final
