-- One row per reason of rejected rows, the most frequent first.
select
    reason,
    count(*) as "rows"
from bad_generations
group by reason
order by count(*) desc, reason asc
