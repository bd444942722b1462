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
    doc_id,
    $index as path,
    difference || ' ' || coalesce(role, 'of no role') || ' '
    || coalesce(cast(position as varchar), 'without a position')
    || ' to ' || coalesce(linked_doc_id, 'no document') as detail
from differing
