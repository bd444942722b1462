-- To the next run, all documents of the new index are old. It knows no bad list.
insert into stored.run_record
select
    count(*) as documents,
    null as listed_rows,
    null as listed_hash,
    null as replaced_hash
from good
