-- One row per evaluation, with the columns and the order of aggregated_scores.csv.
select
    gen_id,
    parent_gen_id,
    evaluation_template,
    evaluation_llm_model,
    score,
    error,
    cohort_id,
    combo_id,
    draft_template,
    generation_template,
    generation_model,
    origin_cohort_id,
    generation_response_path,
    evaluation_response_path
from main.evaluation_scores
order by gen_id
