-- One row per whole part of a score, of templates whose scores are from 0 to 9.
with recursive classes (whole) as (
    values (0)
    union all
    select whole + 1 from classes
    where whole < 9
),

counted as (
    select
        cast(score as integer) as whole,
        count(*) as scores
    from scores
    where chart = 'whole'
    group by cast(score as integer)
)

select
    cast(classes.whole as text) as label,
    'scores' as part,
    coalesce(counted.scores, 0) as documents
from classes
left join counted on classes.whole = counted.whole
order by classes.whole
