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
    select substr(first_at, 1, 7) from ends where months <= 600
    union all
    select strftime('%Y-%m', filled.month || '-01', '+1 month')
    from filled
    inner join ends on filled.month < substr(ends.last_at, 1, 7)
),

months as (
    select month from filled
    union
    select substr(created_at, 1, 7) from documents
)

select
    months.month,
    count(*) filter (where documents.stage = 'draft') as draft,
    count(*) filter (where documents.stage = 'essay') as essay,
    count(*) filter (where documents.stage = 'evaluation') as evaluation,
    count(documents.doc_id) as documents
from months
left join documents on substr(documents.created_at, 1, 7) = months.month
group by months.month
order by months.month
