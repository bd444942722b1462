-- One row per document that a run writes, or finds complete, and adds to the index.
-- During a run, documents that could not be written and their descendants drop out.
with planned as (select * from {{ source("run", "planned") }}),

conflicts as (select * from {{ ref("conflicts") }}),

final as (
    select
        write_order,
        stage,
        doc_id,
        task_id,
        status,
        doc_dir,
        raw_bytes,
        content_hash
    from planned
    where
        conflict_kind is null
        and not exists (
            select 1 from conflicts
            where conflicts.doc_id = planned.doc_id
        )
)

select * from final
