-- Fails when a link does not lead from a document to one that is written before it, or
-- the first link of a document is not its parent. A lineage that ends in nothing, or
-- runs in a circle, answers no question.
-- Does not check that the link is the right one; the unit tests do.
{{ config(meta={"dagster": {"ref": {"name": "document_links"}}}) }}
with links as (select * from {{ ref("document_links") }}),

documents as (select * from {{ ref("documents") }})

select
    links.doc_id,
    links.role,
    links.position,
    links.linked_doc_id,
    documents.parent_doc_id
from links
left join documents on links.doc_id = documents.doc_id
left join documents as linked on links.linked_doc_id = linked.doc_id
where
    documents.doc_id is null
    or linked.doc_id is null
    or linked.write_order >= documents.write_order
    or (links.position = 1 and documents.parent_doc_id != links.linked_doc_id)
