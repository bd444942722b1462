-- Fails when a member comes before another that the selection file and the tables of
-- templates and models put first: two builds would not give the same file.
-- Does not check the order within one essay, template and model.
{{ config(meta={"dagster": {"ref": {"name": "cohort_memberships"}}}) }}
with members as (select * from {{ ref("cohort_memberships") }}),

essays as (select * from {{ ref("int_essays__chosen") }}),

templates as (select * from {{ ref("stg_cohorts__templates") }}),

models as (select * from {{ ref("stg_cohorts__models") }}),

of_drafts as (
    select
        draft_id,
        min(essay_order) as essay_order
    from essays
    group by draft_id
),

with_positions as (
    select
        members.member_order,
        members.stage,
        members.gen_id,
        [
            {{ stage_order("members.stage") }},
            coalesce(of_drafts.essay_order, essays.essay_order),
            coalesce(templates.row_index, 0),
            coalesce(models.row_index, 0)
        ] as positions
    from members
    left join of_drafts
        on members.stage = 'draft' and members.gen_id = of_drafts.draft_id
    left join essays
        on
            essays.essay_id = case members.stage
                when 'essay' then members.gen_id
                when 'evaluation' then members.parent_gen_id
            end
    left join templates
        on members.stage = 'evaluation' and members.template_id = templates.template_id
    left join models
        on members.stage = 'evaluation' and members.llm_model_id = models.llm_model_id
),

with_next as (
    select
        *,
        lead(positions) over (order by member_order) as next_positions
    from with_positions
)

select
    member_order,
    stage,
    gen_id
from with_next
where positions > next_positions
