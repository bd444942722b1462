-- The reasons of the rejected rows, with what to do, and how many rows each has.
select
    bad_generations.reason,
    reasons.description,
    reasons.remedy,
    count(*) as bad_rows
from bad_generations
left join reasons on bad_generations.reason = reasons.reason
group by bad_generations.reason, reasons.description, reasons.remedy
order by min(reasons.precedence), bad_generations.reason
