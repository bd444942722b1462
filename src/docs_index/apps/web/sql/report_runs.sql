-- One row per run_id that documents or bad rows have. Bad rows are those of the last
-- run; of the others nothing is known, if there are any.
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
