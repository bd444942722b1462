-- One row per evaluation template and model: the scores that the model gave by it.
select
    evaluations.template_id,
    evaluations.model_id,
    count(*) as scores,
    avg(scores.score) as mean,
    min(scores.score) as lowest,
    max(scores.score) as highest
from scores
inner join documents as evaluations on scores.doc_id = evaluations.doc_id
group by evaluations.template_id, evaluations.model_id
order by evaluations.template_id asc, mean desc, evaluations.model_id asc
