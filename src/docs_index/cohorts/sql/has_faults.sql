-- One row: whether the build has the table of faults.
select count(*) > 0 as has_faults
from information_schema.tables
where table_schema = 'main' and table_name = 'cohort_faults'
