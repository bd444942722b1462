-- Fails when an evaluation has neither a score nor a reason, or both, or a reason that
-- is not listed: nobody could tell a score that is missing from one that was lost.
-- Does not check that the reason is the right one.
with scores as (select * from {{ ref("evaluation_scores") }}),

reasons as (select * from {{ ref("score_errors") }})

select
    scores.gen_id,
    scores.score,
    scores.error
from scores
left join reasons on scores.error = reasons.score_error
where (scores.score is null) = (reasons.score_error is null)
