-- The documents between two places whose directories are there become index rows.
insert into stored.documents by name
select built.* exclude (place)
from build.main.documents as built
where
    place between $first and $last
    and exists (select 1 from pending where pending.place = built.place)
    and not exists (select 1 from failed where failed.place = built.place)
    and not exists (select 1 from conflicts where conflicts.doc_id = built.doc_id)
order by place
