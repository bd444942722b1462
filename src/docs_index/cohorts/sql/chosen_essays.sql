-- One row per essay with a baseline score, the best first, and whether it lacks a
-- target score.
with score_rows as (
    select
        trim(parent_gen_id, chr(32) || chr(9) || chr(13) || chr(10)) as essay_id,
        trim(evaluation_template, chr(32) || chr(9) || chr(13) || chr(10))
            as template_id,
        trim(evaluation_llm_model, chr(32) || chr(9) || chr(13) || chr(10)) as model_id,
        try_cast(
            trim(score, chr(32) || chr(9) || chr(13) || chr(10)) as double
        ) as score
    from scores
),

scored as (
    select *
    from score_rows
    where essay_id != '' and score is not null and isfinite(score)
),

of_models as (
    select
        essay_id,
        model_id,
        max(score) as score
    from scored
    where
        template_id = $baseline
        and (len($models) = 0 or list_contains($models, model_id))
    group by essay_id, model_id
),

-- The sum has a fixed order, so that equal scores have equal averages.
averaged as (
    select
        essay_id,
        list_sum(list_sort(list(score))) / count(*) as average
    from of_models
    group by essay_id
),

best as (
    select *
    from averaged
    order by average desc, essay_id asc
    limit $top_n
)

select
    essay_id,
    essay_id not in (
        select scored.essay_id
        from scored
        where scored.template_id = $target
    ) as is_missing
from best
order by average desc, essay_id asc
