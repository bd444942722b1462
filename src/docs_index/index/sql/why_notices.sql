-- What has changed in the tables or histories since a document was made.
select
    kind,
    detail
from backfill_notices
where run_id = :run_id and row_key = :row_key
order by kind
