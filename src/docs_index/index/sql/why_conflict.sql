-- The conflict that a source row is in, if it is in one.
select
    kind,
    doc_id,
    detail
from backfill_conflicts
where run_id = :run_id and row_key = :row_key
