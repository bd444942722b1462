-- One row per evaluation attempt with a usable file: its keys, or why it has no target.
{% set parts = [
    "'evaluation'", "coalesce(parent_doc_id, '')", "template_id", "model_id"
] %}
with attempts as (select * from {{ ref("int_attempts__answered") }}),

targets as (select * from {{ ref("int_evaluations__targeted") }}),

drafts as (select * from {{ ref("int_drafts__keyed") }}),

essays as (select * from {{ ref("int_essays__resolved") }}),

documents as (
    select
        row_key,
        task_id,
        doc_id
    from drafts
    union all
    select
        row_key,
        task_id,
        doc_id
    from essays
    where doc_id is not null
),

with_targets as (
    select
        evaluations.row_key,
        evaluations.template_id,
        evaluations.model_id,
        evaluations.essay_task_id,
        evaluations.generation_task_id,
        targets.link_method,
        documents.doc_id as parent_doc_id,
        documents.task_id as parent_task_id
    from attempts as evaluations
    left join targets on evaluations.row_key = targets.row_key
    left join documents on targets.target_row_key = documents.row_key
    where evaluations.source_csv = 'evaluation' and evaluations.cause is null
),

with_logical_keys as (
    select *
    from {{ keyed("with_targets", "logical_key_id", parts) }}
),

with_doc_ids as (
    select * from {{ doc_keyed("with_logical_keys") }}
),

final as (
    select
        row_key,
        'evaluation' as stage,
        case when parent_doc_id is not null then logical_key_id end as logical_key_id,
        case when parent_doc_id is not null then doc_id end as doc_id,
        parent_doc_id,
        parent_task_id,
        link_method,
        case
            when parent_doc_id is not null then null
            when essay_task_id is null and generation_task_id is null
                then 'essay_task_id and generation_task_id are blank'
            else
                concat_ws(
                    '; ',
                    'no essay document has task id "' || essay_task_id || '"',
                    'no draft or link document has task id "'
                    || generation_task_id || '"'
                )
        end as orphan_detail
    from with_doc_ids
)

select * from final
