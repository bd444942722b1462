-- What a document was made from, and what it judges, in order.
select
    document_links.role,
    document_links.position,
    documents.doc_id,
    documents.stage,
    documents.task_id,
    documents.template_id,
    documents.model_id
from document_links
inner join documents on document_links.linked_doc_id = documents.doc_id
where document_links.doc_id = :doc_id
order by document_links.role, document_links.position
