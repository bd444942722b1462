-- The conflict of a source row, if it has one.
select
    kind,
    doc_id,
    detail
from backfill_conflicts
where run_id = :run_id and row_key = :row_key
