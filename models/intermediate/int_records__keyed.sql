-- One row per record that becomes a document, with its keys. A record is inserted with
-- the level after the last of those that it names: its key is made of theirs.
-- What is never inserted waits for a record without a document, or for itself.
{{ config(materialized="by_level") }}
{% set parts = ["stage", "base", "template_id", "model_id"] %}
with placed as (select * from {{ this }}),

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
        coalesce(links.linked_doc_id, placed.doc_id) as doc_id,
        placed.ready_at
    from {{ ref("int_records__linked") }} as links
    left join placed on links.linked_number = placed.record_number
),

followed as (
    select
        record_number,
        count(doc_id) as found,
        {{ joined_texts("doc_id", "'|'", "role, position") }} as base,
        min_by(doc_id, position) as parent_doc_id,
        max(ready_at) as ready_at
    from links
    group by record_number
),

next_level as (
    select
        records.record_number,
        records.row_key,
        records.stage,
        records.template_id,
        records.model_id,
        followed.parent_doc_id,
        coalesce(followed.base, records.combo_id) as base,
        greatest(records.record_number, coalesce(followed.ready_at, 0)) as ready_at
    from records
    left join followed on records.record_number = followed.record_number
    where
        coalesce(followed.found, 0) = records.links
        and (records.links > 0 or records.kind = 'generation')
),

with_logical_keys as (
    select *
    from {{ keyed("next_level", "logical_key_id", parts) }}
),

with_doc_ids as (
    select * from {{ doc_keyed("with_logical_keys") }}
),

final as (
    select
        record_number,
        (select coalesce(max(placed.step), 0) + 1 from placed) as step,
        ready_at,
        logical_key_id,
        doc_id,
        parent_doc_id
    from with_doc_ids
)

select * from final
