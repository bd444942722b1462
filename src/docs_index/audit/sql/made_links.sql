-- One row per link of a document, as the columns of its row tell it.
create table made_links as
select
    doc_id,
    case
        when link_method in ('follows', 'target') then link_method
        when stage = 'evaluation' then 'target'
        else 'follows'
    end as role,
    unnest(generate_series(1, greatest(len(targets), 1))) as position,
    unnest(case when len(targets) > 1 then targets else [parent_doc_id] end)
        as linked_doc_id
from documents
where parent_doc_id is not null
