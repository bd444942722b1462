-- Fails when a member stands before another that the selection file and the tables of
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
        min(essay_place) as essay_place
    from essays
    group by draft_id
),

with_places as (
    select
        members.place,
        members.stage,
        members.gen_id,
        [
            list_position(['draft', 'essay', 'evaluation'], members.stage),
            coalesce(of_drafts.essay_place, essays.essay_place),
            coalesce(templates.row_index, 0),
            coalesce(models.row_index, 0)
        ] as places
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
        lead(places) over (order by place) as next_places
    from with_places
)

select
    place,
    stage,
    gen_id
from with_next
where places > next_places
