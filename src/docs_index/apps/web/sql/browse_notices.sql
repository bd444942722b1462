-- Notices of the :kind, or of every one if none is given: what changed in the tables
-- after a document was made.
select
    kind,
    source_csv,
    row_key,
    doc_id,
    detail
from backfill_notices
where :kind in ('', kind)
order by kind, source_csv, row_key
