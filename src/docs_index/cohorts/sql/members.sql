-- One row per member of the cohort: membership.csv, with its columns in its order.
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
