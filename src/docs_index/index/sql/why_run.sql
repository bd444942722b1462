-- One row: the run that the lists in the index are of, as far as they say. None where
-- the lists have no row.
select run_id from bad_generations
union all
select run_id from backfill_conflicts
union all
select documents.run_id
from documents
inner join link_candidates on documents.doc_id = link_candidates.doc_id
limit 1
