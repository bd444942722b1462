-- One row per template and model: how the judge scores, over the essays it has scored.
with found as (
    select
        template_order,
        template_id,
        llm_model_id,
        min(first_order) as first_order,
        count(mean) as essays,
        sum(n) as n,
        sum(unscored) as unscored,
        exact_mean(mean) as mean,
        min(mean) as lowest,
        max(mean) as highest,
        avg(spread order by spread) as mean_spread
    from judge_scores
    group by template_order, template_id, llm_model_id
)

select
    template_id as evaluation_template,
    llm_model_id as evaluation_llm_model,
    essays,
    cast(n as bigint) as n,
    cast(unscored as bigint) as unscored,
    mean,
    lowest,
    highest,
    mean_spread
from found
order by template_order, first_order
