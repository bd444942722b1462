-- One row per kind of notice, the most frequent first.
select
    kind,
    count(*) as "rows"
from backfill_notices
group by kind
order by count(*) desc, kind asc
