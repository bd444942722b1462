-- One row per stage, template and parser that could not handle some response.
select
    stage,
    template_id,
    parser,
    count(*) filter (where status = 'parse_error') as parse_errors,
    count(*) as documents
from documents
group by stage, template_id, parser
having count(*) filter (where status = 'parse_error') > 0
order by stage asc, parse_errors desc, template_id asc, parser asc
