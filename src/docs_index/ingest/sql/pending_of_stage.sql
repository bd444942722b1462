-- The pending documents of a stage, in the order of writing, with their sizes.
select
    write_order,
    raw_bytes
from build.plan.pending
where stage = $stage
order by write_order
