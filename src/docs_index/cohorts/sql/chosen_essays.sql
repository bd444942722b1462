-- One row per essay with a baseline score, the best first: whether it lacks a target
-- score, and by how many of the models it was scored.
with scored as (
    select *
    from score_rows
    where essay_id != '' and score is not null
),

of_models as (
    select
        essay_id,
        model_id,
        max(score) as score
    from scored
    where template_id = $baseline and list_contains($models, model_id)
    group by essay_id, model_id
),

-- The sum has a fixed order, so that equal scores have equal averages.
averaged as (
    select
        essay_id,
        list_sum(list_sort(list(score))) / count(*) as average,
        count(*) as judges
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
    ) as is_missing,
    judges
from best
order by average desc, essay_id asc
