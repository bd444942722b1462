-- One row per template whose scores are on another scale than 0 to 9 or 0 to 1.
select distinct template_id
from scores
where chart = 'none'
order by template_id
