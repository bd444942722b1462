-- One row per pending document of a phase that no shard has, in the order of shards,
-- with about how many bytes its files have: those of metadata.json are a guess.
select
    pending.stage,
    pending.write_order,
    2 * pending.raw_bytes + coalesce(records.prompt_bytes, 0) + 1000 as file_bytes
from build.plan.pending as pending
left join build.main.int_rows__resolved as resolved
    on pending.write_order = resolved.write_order
left join build.main.int_records__unioned as records
    on resolved.record_number = records.record_number
where
    pending.write_order between $first and $last
    and pending.write_order not in (
        select found.write_order from run.found_in_shards as found
    )
order by pending.stage, pending.doc_id
