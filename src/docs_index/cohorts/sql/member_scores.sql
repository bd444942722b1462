-- One row per evaluation of the cohort, with its score or the reason for none.
create temp table member_scores as
select
    answers.member_order,
    answers.parent_gen_id,
    answers.template_id,
    answers.llm_model_id,
    scored_answers.score,
    scored_answers.error
from answers
inner join scored_answers on answers.gen_id = scored_answers.gen_id
