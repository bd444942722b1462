-- The documents that have no finding and whose ancestors have none, parents first.
create table good as
with recursive bad as (
    select regexp_extract(path, '^docs/([^/]+/[^/]+/[^/]+)', 1) as doc_dir
    from findings
    union
    select children.doc_dir
    from bad
    inner join documents as parents on bad.doc_dir = parents.doc_dir
    inner join documents as children on parents.doc_id = children.parent_doc_id
)

select *
from documents
where not exists (select 1 from bad where bad.doc_dir = documents.doc_dir)
order by
    case source_csv
        when 'draft' then 1
        when 'link' then 2
        when 'essay' then 3
        when 'evaluation' then 4
        when 'runtime' then 5
    end,
    case stage when 'draft' then 1 when 'essay' then 2 when 'evaluation' then 3 end,
    row_index,
    doc_id;
