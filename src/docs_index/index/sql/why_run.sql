-- One row: the run_id of the current lists. No row if the lists are empty.
select run_id from bad_generations
union all
select run_id from backfill_conflicts
union all
select documents.run_id
from documents
inner join link_candidates on documents.doc_id = link_candidates.doc_id
limit 1
