-- One row per stage: the documents of this run that are, or would be, in the index.
select
    stage,
    count(*) as documents
from pending
where not exists (select 1 from conflicts where conflicts.doc_id = pending.doc_id)
group by stage
order by list_position(['draft', 'essay', 'evaluation'], stage)
