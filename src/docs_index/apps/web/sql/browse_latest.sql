-- The latest document of each logical key that parsed.
select
    task_id,
    doc_id,
    stage,
    template_id,
    model_id,
    created_at,
    parent_doc_id
from latest_documents
order by created_at desc, doc_id asc
