-- One row per conflict that needs the user, at most 100.
select
    kind,
    run_id,
    row_key,
    doc_id,
    detail
from backfill_conflicts
order by kind, run_id, row_key
limit 100
