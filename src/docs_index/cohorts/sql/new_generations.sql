-- One row per generation that the cohort adds, with the text of its metadata.json.
select
    gen_id,
    metadata_text
from main.cohort_memberships
where is_new
order by member_order
