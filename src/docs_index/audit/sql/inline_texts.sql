-- The texts of the record $row_key, from the build.
select
    records.raw,
    records.prompt
from build.main.int_records__unioned as records
where
    records.record_number = (
        select resolved.record_number
        from build.main.int_rows__resolved as resolved
        where resolved.row_key = $row_key and resolved.record_number is not null
    )
