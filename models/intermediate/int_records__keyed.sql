-- One row per record that becomes a document, with its keys. A level has the records of
-- which all that they name is there, since their keys are made of its keys. After each
-- of them come, in the same level, those that name it alone, and so on: a conversation
-- of thousands of turns is one level. What is never inserted waits for a record without
-- a document, or for itself.
{{ config(materialized="by_level") }}
{% set parts = ["stage", "base", "template_id", "model_id"] %}
{% set after_level -%}
    (
        select
            of_one_link.record_number,
            of_one_link.row_key,
            of_one_link.stage,
            of_one_link.template_id,
            of_one_link.model_id,
            level.doc_id as parent_doc_id,
            level.doc_id as base,
            greatest(of_one_link.record_number, level.ready_at) as ready_at,
            level.step + 1 as step
        from level
        inner join of_one_link on level.record_number = of_one_link.linked_number
    )
{%- endset %}
with recursive placed as (select * from {{ this }}),

records as (
    select
        records.record_number,
        attempts.row_key,
        records.kind,
        records.stage,
        records.combo_id,
        records.template_id,
        records.model_id,
        len(records.links) as links
    from {{ ref("int_records__unioned") }} as records
    inner join {{ ref("int_records__classified") }} as attempts
        on records.record_number = attempts.record_number
    where
        attempts.reason is null
        and not exists (
            select 1 from placed
            where placed.record_number = records.record_number
        )
),

links as (
    select
        links.record_number,
        links.role,
        links.position,
        links.linked_number,
        coalesce(links.linked_doc_id, placed.doc_id) as doc_id,
        placed.ready_at,
        placed.step
    from {{ ref("int_records__linked") }} as links
    left join placed on links.linked_number = placed.record_number
),

followed as (
    select
        record_number,
        count(doc_id) as found,
        {{ joined_texts("doc_id", "'|'", "role, position") }} as base,
        min_by(doc_id, position) as parent_doc_id,
        max(ready_at) as ready_at,
        max(step) as step
    from links
    group by record_number
),

first_of_level as (
    select
        records.record_number,
        records.row_key,
        records.stage,
        records.template_id,
        records.model_id,
        followed.parent_doc_id,
        coalesce(followed.base, records.combo_id) as base,
        greatest(records.record_number, coalesce(followed.ready_at, 0)) as ready_at,
        coalesce(followed.step, 0) + 1 as step
    from records
    left join followed on records.record_number = followed.record_number
    where
        coalesce(followed.found, 0) = records.links
        and (records.links > 0 or records.kind = 'generation')
),

with_logical_keys as (
    select *
    from {{ keyed("first_of_level", "logical_key_id", parts) }}
),

with_doc_ids as (
    select * from {{ doc_keyed("with_logical_keys") }}
),

-- Materialized: it would be joined again for each turn of a conversation.
of_one_link as materialized (
    select
        records.record_number,
        records.row_key,
        records.stage,
        records.template_id,
        records.model_id,
        links.linked_number
    from records
    inner join links on records.record_number = links.record_number
    where records.links = 1 and links.doc_id is null
),

level as (
    select
        record_number,
        step,
        ready_at,
        logical_key_id,
        doc_id,
        parent_doc_id
    from with_doc_ids
    union all
    select
        record_number,
        step,
        ready_at,
        logical_key_id,
        doc_id,
        parent_doc_id
    from {{ doc_keyed(keyed(after_level, "logical_key_id", parts)) }}
)

select * from level
