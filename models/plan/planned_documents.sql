-- One row per document of the build that the index lacks: to write, or in conflict.
-- A source row has one document per run_id for ever. Another doc_id means that its
-- lineage or its key has changed, and also that of its descendants.
with recursive built as (
    select
        write_order,
        stage,
        doc_id,
        run_id,
        row_key,
        task_id,
        parent_doc_id,
        status,
        doc_dir,
        raw_bytes,
        content_hash
    from {{ ref("documents") }}
),

known as (
    select
        doc_id,
        row_key
    from {{ ref("stg_stored__documents") }}
    where run_id = {{ sql_text(run_id()) }}
),

changed as (
    select
        built.doc_id,
        'this row is in the index as ' || known.doc_id
        || '; the build derives another parent or key: '
        || 'use a new run_id to ingest it again'
            as detail
    from built
    inner join known on built.row_key = known.row_key and built.doc_id != known.doc_id
    union all
    select
        child.doc_id,
        'its parent ' || changed.doc_id
        || ' is not in the index: its lineage has changed'
            as detail
    from changed
    inner join built as child on changed.doc_id = child.parent_doc_id
    where not exists (
        select 1 from known
        where known.row_key = child.row_key
    )
),

final as (
    select
        built.write_order,
        built.stage,
        built.doc_id,
        built.run_id,
        built.row_key,
        built.task_id,
        built.parent_doc_id,
        built.status,
        built.doc_dir,
        built.raw_bytes,
        built.content_hash,
        case
            when changed.doc_id is not null then 'lineage_changed'
        end as conflict_kind,
        changed.detail as conflict_detail
    from built
    left join changed on built.doc_id = changed.doc_id
    where
        changed.doc_id is not null
        or not exists (
            select 1 from known
            where known.doc_id = built.doc_id
        )
)

select * from final
