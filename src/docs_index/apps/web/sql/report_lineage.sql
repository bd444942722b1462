-- One example: the text with the most descendants, an essay if there is one, with its
-- nearest ancestors and its first six descendants. `generation` counts from the oldest.
with recursive followed as (
    select
        linked_doc_id as doc_id,
        count(*) as followers
    from document_links
    group by linked_doc_id
),

texts as (
    select
        documents.doc_id,
        coalesce(followed.followers, 0) as followers
    from documents
    left join followed on documents.doc_id = followed.doc_id
    where
        documents.doc_id not in (
            select document_links.doc_id from document_links
            where document_links.role = 'target'
        )
    order by
        documents.stage = 'essay' desc,
        followers desc,
        documents.created_at desc,
        documents.doc_id asc
    limit 1
),

ancestors (doc_id, parent_doc_id, up) as (
    select
        documents.doc_id,
        documents.parent_doc_id,
        0
    from documents
    inner join texts on documents.doc_id = texts.doc_id
    union all
    select
        parents.doc_id,
        parents.parent_doc_id,
        ancestors.up + 1
    from ancestors
    inner join documents as parents on ancestors.parent_doc_id = parents.doc_id
    where ancestors.up < 9
),

followers as (
    select distinct documents.doc_id
    from document_links
    inner join texts on document_links.linked_doc_id = texts.doc_id
    inner join documents on document_links.doc_id = documents.doc_id
    order by documents.created_at, documents.doc_id
    limit 6
),

depth as (
    select max(up) as furthest from ancestors
),

family as (
    select
        ancestors.doc_id,
        depth.furthest - ancestors.up as generation
    from ancestors
    cross join depth
    union all
    select
        followers.doc_id,
        depth.furthest + 1 as generation
    from followers
    cross join depth
)

select
    family.generation,
    documents.stage,
    documents.doc_id,
    documents.parent_doc_id,
    documents.task_id,
    documents.template_id,
    documents.model_id,
    documents.created_at,
    documents.doc_dir,
    json_extract(documents.meta_small, '$.link_method') as link_method,
    coalesce(followed.followers, 0) as followers
from family
inner join documents on family.doc_id = documents.doc_id
left join followed on documents.doc_id = followed.doc_id
order by family.generation, documents.created_at, documents.doc_id
