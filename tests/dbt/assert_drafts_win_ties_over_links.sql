-- Fails when the parent of an essay is a link although a draft of the same combo and
-- model was made at the same instant. The newer table is the one to trust, unless a
-- repair names the link or ignores the draft.
-- Does not check that there is no later draft (a unit test does), nor evaluations.
with resolved as (select * from {{ ref("int_rows__resolved") }}),

links as (
    select *
    from resolved
    where source_csv = 'link' and doc_id is not null
),

drafts as (
    select *
    from resolved
    where
        source_csv = 'draft'
        and row_key is not null
        and reason is distinct from 'ignored'
)

select
    essays.row_key,
    links.row_key as link_row_key,
    drafts.row_key as draft_row_key
from resolved as essays
inner join links on essays.parent_doc_id = links.doc_id
inner join drafts
    on
        essays.combo_id = drafts.combo_id
        and essays.model_id = drafts.model_id
        and links.occurred_at = drafts.occurred_at
where essays.source_csv = 'essay' and essays.link_method != 'repair'
