-- One row per pending document of a stage, in the write order, with its size.
select
    write_order,
    raw_bytes
from build.plan.pending
where stage = $stage
order by write_order
