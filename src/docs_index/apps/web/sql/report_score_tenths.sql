-- One row per first decimal of a score, of templates whose scores are from 0 to 1.
with recursive classes (tenths) as (
    values (0)
    union all
    select tenths + 1 from classes
    where tenths < 10
),

counted as (
    select
        cast(score * 10 as integer) as tenths,
        count(*) as scores
    from scores
    where chart = 'tenths'
    group by cast(score * 10 as integer)
)

select
    printf('%.1f', classes.tenths / 10.0) as label,
    'scores' as part,
    coalesce(counted.scores, 0) as documents
from classes
left join counted on classes.tenths = counted.tenths
order by classes.tenths
