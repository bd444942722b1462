-- Documents that could not be placed, and whatever hangs on them, become conflicts.
insert into conflicts
with recursive hanging as (
    select
        failed.kind,
        pending.run_id,
        pending.row_key,
        pending.doc_id,
        failed.detail
    from failed
    inner join pending on failed.write_order = pending.write_order
    union all
    select
        hanging.kind,
        child.run_id,
        child.row_key,
        child.doc_id,
        'its parent ' || hanging.doc_id || ' was not ingested' as detail
    from hanging
    inner join pending as child on hanging.doc_id = child.parent_doc_id
)

select *
from hanging
where not exists (select 1 from conflicts where conflicts.doc_id = hanging.doc_id)
