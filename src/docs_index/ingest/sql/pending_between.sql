-- One row per pending document of a range, in the write order, with its size.
select
    write_order,
    raw_bytes
from build.plan.pending
where write_order >= $first and write_order < $end
order by write_order
