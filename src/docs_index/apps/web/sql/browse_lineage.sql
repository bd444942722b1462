-- The ancestors of a document, itself, and its descendants. :doc_id
with recursive ancestors (doc_id, parent_doc_id, generation) as (
    select
        doc_id,
        parent_doc_id,
        0
    from documents
    where doc_id = :doc_id
    union
    select
        parents.doc_id,
        parents.parent_doc_id,
        ancestors.generation - 1
    from ancestors
    inner join documents as parents on ancestors.parent_doc_id = parents.doc_id
    where ancestors.generation > -9
),

followers (doc_id, generation) as (
    select
        doc_id,
        0
    from documents
    where doc_id = :doc_id
    union
    select
        documents.doc_id,
        followers.generation + 1
    from followers
    inner join documents on followers.doc_id = documents.parent_doc_id
    where followers.generation < 9
),

family as (
    select
        doc_id,
        generation
    from ancestors
    union
    select
        doc_id,
        generation
    from followers
)

select
    family.generation,
    documents.doc_id,
    documents.stage,
    documents.task_id,
    documents.template_id,
    documents.model_id,
    documents.created_at,
    documents.status,
    documents.parent_doc_id
from family
inner join documents on family.doc_id = documents.doc_id
order by family.generation, documents.created_at, documents.doc_id
