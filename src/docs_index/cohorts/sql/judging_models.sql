-- One row per model of the table of scores, in order, and whether it has a score for
-- the baseline template.
select
    model_id,
    count(*) filter (
        where template_id = $baseline and essay_id != '' and score is not null
    ) > 0 as has_scored
from score_rows
group by model_id
order by model_id
