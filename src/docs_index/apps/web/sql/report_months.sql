-- One row per month, with its documents of each stage. Empty months between the first
-- and the last have a row too, unless a stray year makes that more than 600.
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
        count(*) filter (where stage = 'draft') as draft,
        count(*) filter (where stage = 'essay') as essay,
        count(*) filter (where stage = 'evaluation') as evaluation,
        count(*) as documents
    from documents
    group by substr(created_at, 1, 7)
),

months as (
    select month from filled
    union
    select month from counted
)

select
    months.month,
    coalesce(counted.draft, 0) as draft,
    coalesce(counted.essay, 0) as essay,
    coalesce(counted.evaluation, 0) as evaluation,
    coalesce(counted.documents, 0) as documents
from months
left join counted on months.month = counted.month
order by months.month
