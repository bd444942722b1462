-- One row per pending document of a range, in the write order, with the size of the
-- texts that a record of a history has for it; those of files are read one by one.
select
    pending.write_order,
    pending.raw_bytes + coalesce(records.prompt_bytes, 0) as text_bytes
from build.plan.pending
left join build.main.int_rows__resolved as resolved
    on pending.write_order = resolved.write_order
left join build.main.int_records__unioned as records
    on resolved.record_number = records.record_number
where pending.write_order between $first and $last
order by pending.write_order
