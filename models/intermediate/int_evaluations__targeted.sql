-- One row per evaluation attempt that finds a target among the documents.
-- The target is the document that a repair names, else that of essay_task_id, else that
-- of generation_task_id: the latest of the name at or before the evaluation, or the
-- earliest if all are later.
{% set repair_kinds = ["row_key", "doc_id", "essay_task_id", "generation_task_id"] %}
with attempts as (select * from {{ ref("int_attempts__answered") }}),

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

documents as (
    select
        'essay_task_id' as kind,
        task_id as name,
        occurred_at,
        source_csv,
        row_index,
        row_key
    from essays
    union all
    select
        'generation_task_id' as kind,
        task_id as name,
        occurred_at,
        source_csv,
        row_index,
        row_key
    from drafts
    union all
    {{ documents_by_id("essays", "repairs") }}
    union all
    {{ documents_by_id("drafts", "repairs") }}
),

questions as (
    {{ questions_of_repairs("repairs", repair_kinds) }}
    {%- for kind in ["essay_task_id", "generation_task_id"] %}
    union all
    select
        '{{ kind }}' as kind,
        {{ kind }} as name,
        occurred_at,
        source_csv,
        row_index,
        row_key,
        {{ repair_kinds | length + loop.index }} as preference
    from attempts
    where source_csv = 'evaluation' and {{ kind }} is not null
    {%- endfor %}
),

found as (
    select * from {{ found_documents("documents", "questions") }}
),

final as (
    select
        row_key,
        case
            when preference <= {{ repair_kinds | length }} then 'repair' else kind
        end as link_method,
        document_row_key as target_row_key
    from found
)

select * from final
