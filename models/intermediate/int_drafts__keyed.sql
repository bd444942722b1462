-- One row per draft or link document, with its keys.
{% set parts = ["'draft'", "combo_id", "template_id", "model_id"] %}
with attempts as (select * from {{ ref("int_attempts__answered") }}),

drafts as (
    select *
    from attempts
    where source_csv in ({{ sources_of("draft") }}) and cause is null
),

with_logical_keys as (
    select *
    from {{ keyed("drafts", "logical_key_id", parts) }}
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
        'draft' as stage,
        logical_key_id,
        doc_id
    from with_doc_ids
)

select * from final
