-- One row: about how many bytes the files of the new documents of the tables have.
select cast(coalesce(sum(2 * pending.raw_bytes + 1000), 0) as bigint) as file_bytes
from build.plan.pending as pending
where pending.write_order <= $last
