-- The ancestors of a document, itself, and its descendants, in the order of a tree. Of
-- a judgement of several texts, all of them are ancestors; it is a descendant of each.
-- The name in :doc_id is its id, its task id or the beginning of its id. A name that
-- fits several documents gives these, without a generation.
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
    select doc_id
    from counted
    where total = 1
),

-- Conversations have many turns, and each is the ancestor of the next.
ancestors (doc_id, generation) as (
    select
        doc_id,
        0
    from chosen
    union
    select
        links.linked_doc_id,
        ancestors.generation - 1
    from ancestors
    inner join document_links as links on ancestors.doc_id = links.doc_id
    where ancestors.generation > -400
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
        descendants.path || coalesce(documents.created_at, '') || documents.doc_id
        || '/'
    from descendants
    inner join document_links as links on descendants.doc_id = links.linked_doc_id
    inner join documents on links.doc_id = documents.doc_id
    -- Of a judgement of several texts, a tree shows the first, and that of the page.
    where
        descendants.generation < 400
        and (
            descendants.generation = 0
            or documents.parent_doc_id = links.linked_doc_id
        )
),

family as (
    -- A judgement of a turn and of the turn before has the latter twice.
    select
        doc_id,
        min(generation) as generation,
        '' as path
    from ancestors
    where generation < 0
    group by doc_id
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
