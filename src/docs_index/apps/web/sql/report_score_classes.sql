-- One row per whole part of a score. Scores below 0, and of 10 or more, which records
-- of other tools may have, have one row each if there are any.
with recursive classes (whole) as (
    values (-1)
    union all
    select whole + 1 from classes
    where whole < 10
),

classified as (
    select
        case
            when score < 0 then -1
            when score >= 10 then 10
            else cast(score as integer)
        end as whole
    from scores
),

counted as (
    select
        whole,
        count(*) as scores
    from classified
    group by whole
)

select
    case classes.whole
        when -1 then '< 0'
        when 10 then '≥ 10'
        else cast(classes.whole as text)
    end as label,
    'scores' as part,
    coalesce(counted.scores, 0) as documents
from classes
left join counted on classes.whole = counted.whole
where classes.whole between 0 and 9 or counted.scores > 0
order by classes.whole
