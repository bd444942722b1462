-- One row per template and model of judgements: the scores that the model gave by it.
select
    template_id,
    model_id,
    count(*) as scores,
    avg(score) as mean,
    min(score) as lowest,
    max(score) as highest,
    max(scale) as scale
from scores
group by template_id, model_id
order by template_id asc, mean desc, model_id asc
