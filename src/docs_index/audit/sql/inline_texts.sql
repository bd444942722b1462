-- The texts of the record $asked_key, from the build.
with asked as (
    select record_number
    from build.main.int_rows__resolved
    where row_key = $asked_key
)

select
    raw,
    prompt
from build.main.int_records__unioned
where record_number in (select asked.record_number from asked)
