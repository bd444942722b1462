-- One row per document of the plan in conflict, which the user must resolve.
-- The plan finds changed lineages. A run finds documents that cannot be written; their
-- descendants are in conflict too, because their parents are missing.
with recursive planned as (select * from {{ source("run", "planned") }}),

failed_writes as (select * from {{ source("run", "failed_writes") }}),

failed as (
    select
        failed_writes.kind,
        planned.run_id,
        planned.row_key,
        planned.doc_id,
        failed_writes.detail
    from failed_writes
    inner join planned on failed_writes.write_order = planned.write_order
    union all
    select
        failed.kind,
        child.run_id,
        child.row_key,
        child.doc_id,
        'its parent ' || failed.doc_id || ' was not written' as detail
    from failed
    inner join planned as child on failed.doc_id = child.parent_doc_id
    where child.conflict_kind is null
),

final as (
    select
        conflict_kind as kind,
        run_id,
        row_key,
        doc_id,
        conflict_detail as detail
    from planned
    where conflict_kind is not null
    union all
    select
        kind,
        run_id,
        row_key,
        doc_id,
        detail
    from failed
)

select * from final
