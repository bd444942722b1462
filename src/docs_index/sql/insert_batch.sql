-- The documents between two places whose directories are there become index rows.
insert into stored.documents ({columns})
select {columns}
from pending
where
    place between ? and ?
    and not exists (select 1 from failed where failed.place = pending.place)
    and not exists (select 1 from conflicts where conflicts.doc_id = pending.doc_id)
order by place
