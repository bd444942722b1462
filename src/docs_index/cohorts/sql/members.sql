-- One row per member of the cohort, with the columns and the order of membership.csv.
select
    stage,
    gen_id,
    cohort_id,
    parent_gen_id,
    combo_id,
    template_id,
    llm_model_id,
    replicate
from main.cohort_memberships
order by member_order
