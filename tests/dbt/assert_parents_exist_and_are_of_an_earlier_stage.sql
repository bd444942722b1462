-- Fails when, of the four tables, a draft has a parent, an essay's parent is not a
-- draft, an evaluation's is not a draft or essay, or a parent is not a document. A
-- lineage that ends in nothing, or runs in a circle, answers no question.
-- Does not check that the parent is the right one; the unit tests do.
with resolved as (select * from {{ ref("int_rows__resolved") }}),

documents as (
    select *
    from resolved
    where doc_id is not null
)

select
    documents.doc_id,
    documents.row_key,
    documents.stage,
    documents.parent_doc_id,
    parents.stage as parent_stage
from documents
left join documents as parents on documents.parent_doc_id = parents.doc_id
where
    documents.record_number is null
    and case documents.stage
        when 'draft' then documents.parent_doc_id is not null
        when 'essay' then coalesce(parents.stage, 'none') != 'draft'
        when 'evaluation' then coalesce(parents.stage, 'none') not in ('draft', 'essay')
        else true
    end
