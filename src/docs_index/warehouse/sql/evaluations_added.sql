-- One row per line of $lines, which is fields with a blank between: the evaluations
-- that a cohort adds. As one text, because a Python list takes 100 microseconds an
-- item.
create or replace temp table evaluations_added as
select
    cast(fields[1] as bigint) as essay_order,
    cast(fields[2] as bigint) as template_order,
    cast(fields[3] as bigint) as model_order,
    fields[4] as gen_id,
    cast(fields[5] as bigint) as replicate
from (
    select string_split(unnest(string_split($lines, chr(10))), ' ') as fields
) as written
where len(fields) = 5
