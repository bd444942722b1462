-- One row per template and model of judgements, and template and model of the judged
-- text: of each judge the ten with the highest means. `combinations` counts all. A
-- score of several texts counts for each of them.
with judged as (
    select
        scores.template_id,
        scores.model_id,
        scores.scale,
        texts.stage as judged_stage,
        texts.template_id as judged_template_id,
        texts.model_id as judged_model_id,
        scores.score
    from scores
    inner join document_links as targets
        on scores.doc_id = targets.doc_id and targets.role = 'target'
    inner join documents as texts on targets.linked_doc_id = texts.doc_id
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
        max(score) as highest,
        max(scale) as scale
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
