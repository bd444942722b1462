-- The texts of the record $asked_key, from the build.
select
    records.raw,
    records.prompt
from build.main.int_records__unioned as records
inner join build.main.int_rows__resolved as resolved
    on records.record_number = resolved.record_number
where resolved.row_key in ($asked_key)
