-- The ancestors of a document, itself, and its descendants, in the order of a tree. The
-- name in :doc_id is its id, its task id or the beginning of its id. A name that fits
-- several documents gives these, without a generation.
with recursive exact as (
    select doc_id
    from documents
    where doc_id = :doc_id
),

of_task as (
    select doc_id
    from documents
    where
        task_id = :doc_id
        and not exists (select 1 from exact)
),

begun as (
    select doc_id
    from documents
    where
        :doc_id != ''
        and doc_id >= :doc_id
        and doc_id < :doc_id || '{'
        and not exists (select 1 from exact)
        and not exists (select 1 from of_task)
),

named as (
    select doc_id
    from exact
    union all
    select doc_id
    from of_task
    union all
    select doc_id
    from begun
),

counted as (
    select
        doc_id,
        count(*) over () as total
    from named
),

chosen as (
    select
        documents.doc_id,
        documents.parent_doc_id
    from counted
    inner join documents on counted.doc_id = documents.doc_id
    where counted.total = 1
),

ancestors (doc_id, parent_doc_id, generation) as (
    select
        doc_id,
        parent_doc_id,
        0
    from chosen
    union
    select
        parents.doc_id,
        parents.parent_doc_id,
        ancestors.generation - 1
    from ancestors
    inner join documents as parents on ancestors.parent_doc_id = parents.doc_id
    where ancestors.generation > -9
),

descendants (doc_id, generation, path) as (
    select
        doc_id,
        0,
        ''
    from chosen
    union
    select
        documents.doc_id,
        descendants.generation + 1,
        descendants.path || documents.created_at || documents.doc_id || '/'
    from descendants
    inner join documents on descendants.doc_id = documents.parent_doc_id
    where descendants.generation < 9
),

family as (
    select
        doc_id,
        generation,
        '' as path
    from ancestors
    where generation < 0
    union all
    select
        doc_id,
        generation,
        path
    from descendants
    union all
    select
        doc_id,
        null as generation,
        '' as path
    from counted
    where total > 1
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
order by
    min(family.generation, 0) asc,
    family.path asc,
    documents.created_at desc,
    documents.doc_id asc
limit 1000
