-- One row: how many index rows there are, the largest place among them, and how many
-- the last run has left.
select
    count(*) as found,
    coalesce(max(documents.rowid), 0) as last_place,
    (select coalesce(max(run_record.documents), 0) from run_record) as recorded
from documents
