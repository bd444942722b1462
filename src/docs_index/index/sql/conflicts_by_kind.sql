-- One row per kind of conflict, the most frequent first.
select
    kind,
    count(*) as "rows"
from backfill_conflicts
group by kind
order by count(*) desc, kind asc
