-- One row per stage of texts that judge nothing: how many were judged, or are what
-- another text was made from.
with texts as (
    select
        doc_id,
        stage
    from documents
    where doc_id not in (
        select document_links.doc_id from document_links
        where document_links.role = 'target'
    )
),

followers as (
    select
        linked_doc_id,
        count(*) filter (where role = 'follows') as texts,
        count(*) filter (where role = 'target') as judgements
    from document_links
    group by linked_doc_id
)

select
    texts.stage,
    count(*) as documents,
    count(*) filter (where followers.texts > 0) as with_texts,
    count(*) filter (where followers.judgements > 0) as with_judgements,
    count(*) filter (where followers.linked_doc_id is null) as with_nothing
from texts
left join followers on texts.doc_id = followers.linked_doc_id
inner join shown_stages on texts.stage = shown_stages.stage
group by texts.stage, shown_stages.position
order by shown_stages.position
