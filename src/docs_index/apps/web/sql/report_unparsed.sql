-- The latest documents without a parsed text, at most 50.
select
    doc_id,
    task_id,
    model_id,
    created_at
from documents
where status = 'parse_error'
order by created_at desc, doc_id asc
limit 50
