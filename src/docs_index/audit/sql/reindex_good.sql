-- The documents that have no finding and whose ancestors have none, parents first.
create table good as
with recursive bad as (
    select regexp_extract(path, '^docs/([^/]+/[^/]+/[^/]+)', 1) as doc_dir
    from findings
    union
    select children.doc_dir
    from bad
    inner join documents as parents on bad.doc_dir = parents.doc_dir
    inner join made_links as links on parents.doc_id = links.linked_doc_id
    inner join documents as children on links.doc_id = children.doc_id
)

select documents.*
from documents
left join sources on documents.source_csv = sources.source_csv
left join stages on documents.stage = stages.stage
where
    not exists (
        select 1 from bad
        where bad.doc_dir = documents.doc_dir
    )
order by
    cast(sources.precedence as bigint) nulls last,
    documents.source_csv,
    cast(stages.precedence as bigint),
    documents.row_index,
    documents.doc_id;
