-- The pending documents of a stage, in the order of writing, with their sizes.
select
    write_order,
    raw_bytes
from pending
where
    stage = $stage
    and not exists (select 1 from conflicts where conflicts.doc_id = pending.doc_id)
order by write_order
