-- Fails when an essay's draft was made after the essay: it cannot have been written
-- from it, so the lineage is false. A person may know better: a parent that a repair
-- names may be later.
-- Does not check evaluations: where every attempt of the task is later than the
-- evaluation, it gets the earliest of them.
with resolved as (select * from {{ ref("int_rows__resolved") }})

select
    essays.doc_id,
    essays.row_key,
    essays.occurred_at,
    parents.row_key as parent_row_key,
    parents.occurred_at as parent_occurred_at
from resolved as essays
inner join resolved as parents on essays.parent_doc_id = parents.doc_id
where
    essays.stage = 'essay'
    and essays.link_method != 'repair'
    and parents.occurred_at > essays.occurred_at
