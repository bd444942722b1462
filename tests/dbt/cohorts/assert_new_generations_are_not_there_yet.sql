-- Fails when an evaluation that a cohort adds has the gen_id of one that is there, or
-- of another that it adds, or when one that it takes in is not there: a directory would
-- be written twice, or never.
-- Does not check that the number is the smallest that is free.
{{ config(meta={"dagster": {"ref": {"name": "cohort_memberships"}}}) }}
with members as (select * from {{ ref("cohort_memberships") }}),

generations as (select * from {{ ref("stg_cohorts__generations") }})

select
    members.stage,
    members.gen_id,
    members.is_new,
    count(*) as members,
    count(generations.gen_id) as directories
from members
left join generations
    on
        members.stage = generations.stage
        and members.gen_id = generations.gen_id
group by members.stage, members.gen_id, members.is_new
having
    count(*) != 1
    or (members.is_new and count(generations.gen_id) != 0)
    or (not members.is_new and count(generations.gen_id) != 1)
