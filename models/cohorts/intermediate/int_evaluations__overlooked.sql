-- One row per essay, template and model of which a finished evaluation is left out
-- while a member is unfinished.
with ranked as (select * from {{ ref("int_evaluations__ranked") }}),

reused as (select * from {{ ref("int_evaluations__reused") }}),

with_members as (
    select
        ranked.*,
        reused.gen_id is not null as is_member
    from ranked
    left join reused on ranked.gen_id = reused.gen_id
),

counted as (
    select
        essay_order,
        template_order,
        model_order,
        count(*) filter (where is_member and not is_own and not is_done) as unfinished,
        count(*) filter (where not is_member and not is_own and is_done) as left_out
    from with_members
    group by essay_order, template_order, model_order
),

final as (
    select
        essay_order,
        template_order,
        model_order,
        least(unfinished, left_out) as exchangeable
    from counted
    where unfinished > 0 and left_out > 0
)

select * from final
