-- The texts of the records $listed, numbers with commas between; all are from $first to
-- $last. The range lets DuckDB pass over the rest of a table that is in this order.
select
    record_number,
    raw,
    prompt
from build.main.int_records__unioned
where
    record_number between $first and $last
    and record_number in (select cast(unnest(string_split($listed, ',')) as bigint))
