-- One row per stage that can have descendants: how many documents have none.
with followers as (
    select
        parent_doc_id,
        count(*) filter (where stage = 'essay') as essays,
        count(*) filter (where stage = 'evaluation') as evaluations
    from documents
    where parent_doc_id is not null
    group by parent_doc_id
)

select
    documents.stage,
    count(*) as documents,
    count(*) filter (where followers.essays > 0) as with_essays,
    count(*) filter (where followers.evaluations > 0) as with_evaluations,
    count(*) filter (where followers.parent_doc_id is null) as with_nothing
from documents
left join followers on documents.doc_id = followers.parent_doc_id
where documents.stage in ('draft', 'essay')
group by documents.stage
order by documents.stage
