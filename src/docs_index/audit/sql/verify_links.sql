-- Compares document_links with the rows of documents, and links with documents.
insert into findings
with stored_links as (
    select
        doc_id,
        role,
        try_cast(position as bigint) as position,
        linked_doc_id
    from stored.document_links
),

differing as (
    select
        'the index lacks the link' as difference,
        lacking.*
    from (
        select * from made_links
        except
        select * from stored_links
    ) as lacking
    union all
    select
        'the documents do not have the link' as difference,
        excess.*
    from (
        select * from stored_links
        except
        select * from made_links
    ) as excess
)

select
    'links_differ' as code,
    differing.doc_id,
    coalesce('docs/' || documents.doc_dir, $index) as path,
    differing.difference || ' ' || coalesce(differing.role, 'of no role') || ' '
    || coalesce(cast(differing.position as varchar), 'without a position')
    || ' to ' || coalesce(differing.linked_doc_id, 'no document') as detail
from differing
left join documents on differing.doc_id = documents.doc_id
