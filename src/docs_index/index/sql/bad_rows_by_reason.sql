-- One row per reason that rows were not ingested for, the most frequent first.
select
    reason,
    count(*) as "rows"
from bad_generations
group by reason
order by count(*) desc, reason asc
