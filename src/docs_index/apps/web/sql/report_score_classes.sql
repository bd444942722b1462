-- One row per whole part of a score.
with recursive classes (whole) as (
    values (0)
    union all
    select whole + 1 from classes
    where whole < 9
)

select
    classes.whole,
    count(scores.doc_id) as scores
from classes
left join scores on cast(scores.score as integer) = classes.whole
group by classes.whole
order by classes.whole
