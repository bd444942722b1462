-- Fails when a member of a cohort has a parent that is not a member, or of the wrong
-- stage. A reader of membership.csv alone could not follow the lineage.
-- Does not check that the parent is the right one; the unit tests do.
with members as (select * from {{ ref("cohort_memberships") }}),

with_parents as (
    select
        members.stage,
        members.gen_id,
        members.parent_gen_id,
        case members.stage
            when 'essay' then 'draft'
            when 'evaluation' then 'essay'
        end as parent_stage
    from members
)

select
    with_parents.stage,
    with_parents.gen_id,
    with_parents.parent_gen_id
from with_parents
left join members as parents
    on
        with_parents.parent_stage = parents.stage
        and with_parents.parent_gen_id = parents.gen_id
where
    (with_parents.stage = 'draft' and with_parents.parent_gen_id is not null)
    or (with_parents.stage != 'draft' and parents.gen_id is null)
