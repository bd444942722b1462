-- The number of pending documents in a range.
select count(*)
from build.plan.pending
where write_order between $first and $last
