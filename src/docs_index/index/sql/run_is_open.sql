-- A row if the last run has not recorded its end.
select 1 as is_due
from run_record
where
    documents != :documents
    or replaced_hash is not null
