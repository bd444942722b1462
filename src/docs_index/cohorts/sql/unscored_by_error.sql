-- One row per reason why evaluations have no score, with their number, in the order of
-- the seed.
select
    scores.error,
    count(*) as evaluations
from main.evaluation_scores as scores
inner join main.score_errors as reasons on scores.error = reasons.score_error
group by scores.error, reasons.precedence
order by reasons.precedence
