-- The latest document of each logical key that parsed.
with ranked as (
    select
        *,
        row_number() over (
            partition by stage, logical_key_id
            order by
                created_at desc,
                json_extract(meta_small, '$.row_index') desc,
                json_extract(meta_small, '$.source_csv') asc,
                doc_id asc
        ) as place
    from documents
    where status = 'ok'
)

select
    doc_id,
    stage,
    task_id,
    template_id,
    model_id,
    created_at,
    parent_doc_id
from ranked
where place = 1
order by created_at desc, doc_id asc
