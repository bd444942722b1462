-- One row per evaluation template and model, and template and model of the judged text:
-- of each judge the ten with the highest means. `combinations` counts all.
with judged as (
    select
        evaluations.template_id,
        evaluations.model_id,
        texts.stage as judged_stage,
        texts.template_id as judged_template_id,
        texts.model_id as judged_model_id,
        scores.score
    from scores
    inner join documents as evaluations on scores.doc_id = evaluations.doc_id
    inner join documents as texts on evaluations.parent_doc_id = texts.doc_id
),

counted as (
    select
        template_id,
        model_id,
        judged_stage,
        judged_template_id,
        judged_model_id,
        count(*) as scores,
        avg(score) as mean,
        min(score) as lowest,
        max(score) as highest
    from judged
    group by
        template_id, model_id, judged_stage, judged_template_id, judged_model_id
),

ranked as (
    select
        *,
        count(*) over (partition by template_id, model_id) as combinations,
        row_number() over (
            partition by template_id, model_id
            order by
                mean desc,
                judged_stage asc,
                judged_template_id asc,
                judged_model_id asc
        ) as place
    from counted
)

select * from ranked
where place <= 10
order by template_id, model_id, place
