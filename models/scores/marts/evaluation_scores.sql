-- One row per evaluation of the generation store whose metadata.json can be read.
with generations as (
    select * from {{ ref("stg_scores__generations") }}
    where problem is null
),

evaluations as (
    select * from generations
    where stage = 'evaluation'
),

essays as (
    select * from generations
    where stage = 'essay'
),

drafts as (
    select * from generations
    where stage = 'draft'
),

final as (
    select
        evaluations.gen_id,
        evaluations.parent_gen_id,
        evaluations.template_id as evaluation_template,
        evaluations.llm_model_id as evaluation_llm_model,
        evaluations.score,
        evaluations.score_error as error,
        evaluations.origin_cohort_id as cohort_id,
        coalesce(
            drafts.combo_id, essays.combo_id, evaluations.combo_id
        ) as combo_id,
        drafts.template_id as draft_template,
        essays.template_id as generation_template,
        coalesce(essays.llm_model_id, drafts.llm_model_id) as generation_model,
        evaluations.origin_cohort_id,
        case
            when essays.has_parsed
                then 'gens/essay/' || essays.gen_id || '/parsed.txt'
        end as generation_response_path,
        case
            when evaluations.has_parsed
                then 'gens/evaluation/' || evaluations.gen_id || '/parsed.txt'
        end as evaluation_response_path
    from evaluations
    left join essays on evaluations.parent_gen_id = essays.gen_id
    left join drafts on essays.parent_gen_id = drafts.gen_id
)

select * from final
