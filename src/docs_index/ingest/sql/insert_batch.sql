-- The documents between two places whose directories are there become index rows.
insert into stored.documents by name
select built.* exclude (write_order)
from build.main.documents as built
where
    write_order between $first and $last
    and exists (select 1 from pending where pending.write_order = built.write_order)
    and not exists (select 1 from failed where failed.write_order = built.write_order)
    and not exists (select 1 from conflicts where conflicts.doc_id = built.doc_id)
order by write_order
