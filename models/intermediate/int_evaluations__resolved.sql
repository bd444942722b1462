-- One row per evaluation attempt with a usable file: its keys, or why it has no target.
-- A target without a document is not replaced by another attempt, nor an essay by its
-- draft: the judgement would be of a text that nobody judged.
{% set parts = [
    "'evaluation'", "coalesce(parent_doc_id, '')", "template_id", "model_id"
] %}
with attempts as (select * from {{ ref("int_attempts__answered") }}),

source_rows as (select * from {{ ref("int_rows__repaired") }}),

targets as (select * from {{ ref("int_evaluations__targeted") }}),

drafts as (select * from {{ ref("int_drafts__keyed") }}),

essays as (select * from {{ ref("int_essays__resolved") }}),

documents as (
    select
        row_key,
        task_id,
        doc_id,
        cast(null as string) as orphan_detail
    from drafts
    union all
    select
        row_key,
        task_id,
        doc_id,
        orphan_detail
    from essays
),

-- The last row of each task id that no attempt has.
no_attempts as (
    select
        case source_csv
            when 'essay' then 'essay_task_id' else 'generation_task_id'
        end as link_method,
        task_id,
        source_csv,
        row_index,
        detail,
        row_number() over (
            partition by source_csv = 'essay', task_id
            order by source_csv asc, row_index desc
        ) as rank
    from source_rows
    where reason is not null and source_csv != 'evaluation'
),

with_targets as (
    select
        evaluations.row_key,
        evaluations.template_id,
        evaluations.model_id,
        targets.link_method,
        documents.doc_id as parent_doc_id,
        documents.task_id as parent_task_id,
        concat_ws(
            '; ',
            case
                when targets.link_method is distinct from 'essay_task_id'
                    then
                        'no essay row has task id "' || evaluations.essay_task_id || '"'
            end,
            case
                when found.row_key is not null
                    then
                        'the target is ' || found.source_csv || ' row '
                        || found.row_index || ' (' || found.task_id
                        || '), which has no document: '
                        || coalesce(found.cause, documents.orphan_detail)
                when no_attempts.task_id is not null
                    then
                        no_attempts.source_csv || ' row ' || no_attempts.row_index
                        || ' (' || no_attempts.task_id || ') is not an attempt: '
                        || no_attempts.detail
                when evaluations.generation_task_id is not null
                    then
                        'no draft or link row has task id "'
                        || evaluations.generation_task_id || '"'
                when evaluations.essay_task_id is not null
                    then 'generation_task_id is blank'
                else 'essay_task_id and generation_task_id are blank'
            end
        ) as orphan_detail
    from attempts as evaluations
    inner join targets on evaluations.row_key = targets.row_key
    left join attempts as found on targets.target_row_key = found.row_key
    left join documents on targets.target_row_key = documents.row_key
    left join no_attempts
        on
            targets.target_row_key is null
            and targets.link_method = no_attempts.link_method
            and case targets.link_method
                when 'essay_task_id' then evaluations.essay_task_id
                else evaluations.generation_task_id
            end = no_attempts.task_id
            and no_attempts.rank = 1
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
        case when parent_doc_id is not null then parent_task_id end as parent_task_id,
        case when parent_doc_id is not null then link_method end as link_method,
        case when parent_doc_id is null then orphan_detail end as orphan_detail
    from with_doc_ids
)

select * from final
