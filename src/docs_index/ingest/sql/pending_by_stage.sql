-- One row per stage of a phase: about how many bytes go into new shards.
select
    pending.stage,
    cast(sum(2 * pending.raw_bytes + 1000) as bigint) as file_bytes
from build.plan.pending as pending
where
    pending.write_order between $first and $last
    and pending.write_order not in (
        select found.write_order from run.found_in_shards as found
    )
group by pending.stage
