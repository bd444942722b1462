-- Rows that were not ingested, with what to do; of every reason if none is given.
-- :reason
select
    bad_generations.reason,
    bad_generations.source_csv,
    bad_generations.row_index,
    bad_generations.task_id,
    bad_generations.detail,
    reasons.remedy
from bad_generations
left join reasons on reasons.reason = bad_generations.reason
where :reason in ('', bad_generations.reason)
order by reasons.precedence, bad_generations.source_csv, bad_generations.row_index
