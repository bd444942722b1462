-- One row per essay, template and model, the best essay of each template first.
select
    parent_gen_id,
    template_id as evaluation_template,
    llm_model_id as evaluation_llm_model,
    n,
    mean,
    spread,
    unscored,
    essay_mean,
    essay_rank
from judge_scores
order by row_order
