-- The first rows of each reason, in the order of the files.
with numbered as (
    select
        *,
        row_number() over (partition by reason order by source_csv, row_index) as place
    from bad_generations
)

select
    reason,
    source_csv,
    row_index,
    task_id,
    detail
from numbered
where place <= 20
order by reason, place
