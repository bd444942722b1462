-- One row per essay that the selection file lists, with its draft.
with lines as (select * from {{ ref("stg_cohorts__selection_lines") }}),

generations as (select * from {{ ref("stg_cohorts__generations") }}),

listed as (
    select
        line_text as essay_id,
        min(line_number) as essay_order
    from lines
    where kind = 'essay'
    group by line_text
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
        listed.essay_order,
        listed.essay_id,
        essays.parent_gen_id as draft_id,
        drafts.combo_id,
        case
            when essays.gen_id is null then 'is not there'
            else essays.problem
        end as essay_problem,
        essays.template_id as essay_template_id,
        coalesce(essays.llm_model_id, drafts.llm_model_id) as essay_llm_model_id,
        essays.replicate as essay_replicate,
        case
            when essays.parent_gen_id is null then null
            when drafts.gen_id is null then 'is not there'
            else drafts.problem
        end as draft_problem,
        drafts.template_id as draft_template_id,
        coalesce(drafts.llm_model_id, essays.llm_model_id) as draft_llm_model_id,
        drafts.replicate as draft_replicate
    from listed
    left join essays on listed.essay_id = essays.gen_id
    left join drafts on essays.parent_gen_id = drafts.gen_id
)

select * from final
