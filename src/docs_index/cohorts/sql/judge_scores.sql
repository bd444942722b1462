-- One row per essay, template and model of the cohort: what a judge says of an essay,
-- over the replicates that have a score, and how the essay ranks by all judges' means.
create temp table judge_scores as
with counted as (
    select
        parent_gen_id,
        template_id,
        llm_model_id,
        min(member_order) as first_order,
        count(score) as n,
        count(*) - count(score) as unscored,
        exact_mean(score) as mean
    from member_scores
    group by parent_gen_id, template_id, llm_model_id
),

spread_out as (
    select
        counted.parent_gen_id,
        counted.template_id,
        counted.llm_model_id,
        sqrt(
            sum(
                (member_scores.score - counted.mean)
                * (member_scores.score - counted.mean)
                order by member_scores.score
            ) / (counted.n - 1)
        ) as spread
    from member_scores
    inner join counted
        on
            member_scores.parent_gen_id = counted.parent_gen_id
            and member_scores.template_id = counted.template_id
            and member_scores.llm_model_id = counted.llm_model_id
    where counted.n > 1 and member_scores.score is not null
    group by
        counted.parent_gen_id,
        counted.template_id,
        counted.llm_model_id,
        counted.n
),

essays as (
    select
        parent_gen_id,
        template_id,
        exact_mean(mean) as essay_mean
    from counted
    group by parent_gen_id, template_id
),

ranked as (
    select
        *,
        rank() over (
            partition by template_id
            order by essay_mean desc
        ) as essay_rank
    from essays
    where essay_mean is not null
),

templates as (
    select
        template_id,
        min(first_order) as template_order
    from counted
    group by template_id
)

select
    row_number() over (
        order by
            templates.template_order,
            ranked.essay_rank nulls last,
            counted.parent_gen_id,
            counted.first_order
    ) as row_order,
    templates.template_order,
    counted.first_order,
    counted.parent_gen_id,
    counted.template_id,
    counted.llm_model_id,
    counted.n,
    counted.mean,
    spread_out.spread,
    counted.unscored,
    ranked.essay_mean,
    ranked.essay_rank
from counted
inner join templates on counted.template_id = templates.template_id
left join spread_out
    on
        counted.parent_gen_id = spread_out.parent_gen_id
        and counted.template_id = spread_out.template_id
        and counted.llm_model_id = spread_out.llm_model_id
left join ranked
    on
        counted.parent_gen_id = ranked.parent_gen_id
        and counted.template_id = ranked.template_id
