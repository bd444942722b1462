-- One row per month and stage, with its documents. Empty months between the first and
-- the last have rows too, unless a stray year makes that more than 600. Documents
-- without a time have no month, and come last.
with recursive ends as (
    select
        min(created_at) as first_at,
        max(created_at) as last_at,
        12 * (max(substr(created_at, 1, 4)) - min(substr(created_at, 1, 4))) as months
    from documents
),

filled (month) as (
    select substr(first_at, 1, 7) from ends
    where months <= 600
    union all
    select strftime('%Y-%m', filled.month || '-01', '+1 month')
    from filled
    inner join ends on filled.month < substr(ends.last_at, 1, 7)
),

counted as (
    select
        substr(created_at, 1, 7) as month,
        stage,
        count(*) as documents
    from documents
    group by substr(created_at, 1, 7), stage
),

months as (
    select month from filled
    union
    select month from counted
)

select
    months.month as label,
    shown_stages.stage as part,
    coalesce(counted.documents, 0) as documents
from months
cross join shown_stages
left join counted
    on
        months.month is counted.month
        and shown_stages.stage = counted.stage
order by months.month is null, months.month, shown_stages.position
