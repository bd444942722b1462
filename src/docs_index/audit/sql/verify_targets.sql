-- The targets of a judgement beyond the first, which is its parent.
insert into findings
select
    'parent_missing' as code,
    made_links.doc_id,
    'docs/' || documents.doc_dir as path,
    'there is no document ' || coalesce(made_links.linked_doc_id, 'of a target')
        as detail
from made_links
inner join documents on made_links.doc_id = documents.doc_id
left join documents as linked on made_links.linked_doc_id = linked.doc_id
where made_links.position > 1 and linked.doc_id is null
