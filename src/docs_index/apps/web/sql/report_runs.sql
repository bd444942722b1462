-- One row per run_id of documents or rejected rows. The index has the rejected rows of
-- the last run only.
with counted as (
    select
        run_id,
        1 as documents,
        null as bad_rows
    from documents
    union all
    select
        run_id,
        0 as documents,
        1 as bad_rows
    from bad_generations
)

select
    run_id,
    sum(documents) as documents,
    sum(bad_rows) as bad_rows
from counted
group by run_id
order by run_id
