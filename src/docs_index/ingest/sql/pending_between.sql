-- One row per pending document of a range, in the write order, with its size.
select
    write_order,
    raw_bytes
from build.plan.pending
where write_order between $first and $last
order by write_order
