-- The stages in their order, with the numbers of their documents.
select
    stage,
    count(*) as documents,
    sum(status = 'parse_error') as parse_errors,
    min(created_at) as first_at,
    max(created_at) as last_at
from documents
group by stage
order by stage
