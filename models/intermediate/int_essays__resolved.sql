-- One row per essay attempt with a usable file: its keys, or why it has no parent.
-- A parent without a document is not replaced by an older one: the lineage would be
-- false, and the keys would change once the file is repaired.
{% set parts = [
    "'essay'", "coalesce(parent_doc_id, combo_id)", "template_id", "model_id"
] %}
with attempts as (select * from {{ ref("int_attempts__answered") }}),

parents as (select * from {{ ref("int_essays__parented") }}),

drafts as (select * from {{ ref("int_drafts__keyed") }}),

with_parents as (
    select
        essays.row_key,
        essays.source_csv,
        essays.row_index,
        essays.task_id,
        essays.combo_id,
        essays.template_id,
        essays.model_id,
        essays.occurred_at,
        drafts.doc_id as parent_doc_id,
        parent_attempts.task_id as parent_task_id,
        parents.link_method,
        case
            when parents.parent_row_key is null
                then
                    'no draft or link of combo "' || essays.combo_id || '" and model "'
                    || essays.model_id || '" at or before ' || essays.timestamp_text
            when drafts.doc_id is null
                then
                    'the parent is ' || parent_attempts.source_csv || ' row '
                    || parent_attempts.row_index || ' (' || parent_attempts.task_id
                    || '), which has no document: ' || parent_attempts.cause
        end as orphan_detail
    from attempts as essays
    inner join parents on essays.row_key = parents.row_key
    left join attempts as parent_attempts
        on parents.parent_row_key = parent_attempts.row_key
    left join drafts on parents.parent_row_key = drafts.row_key
    where essays.source_csv = 'essay' and essays.cause is null
),

with_logical_keys as (
    select *
    from {{ keyed("with_parents", "logical_key_id", parts) }}
),

with_doc_ids as (
    select * from {{ doc_keyed("with_logical_keys") }}
),

final as (
    select
        row_key,
        source_csv,
        row_index,
        task_id,
        occurred_at,
        'essay' as stage,
        logical_key_id,
        case when orphan_detail is null then doc_id end as doc_id,
        parent_doc_id,
        parent_task_id,
        link_method,
        orphan_detail
    from with_doc_ids
)

select * from final
