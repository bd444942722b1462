-- One row per notice, at most 100.
select
    kind,
    run_id,
    source_csv,
    row_key,
    doc_id,
    detail
from backfill_notices
order by kind, run_id, row_key
limit 100
