-- Rows that were not ingested, of the :reason, or of every one if none is given, with
-- what to do.
select
    bad_generations.reason,
    bad_generations.source_csv,
    bad_generations.row_index,
    bad_generations.task_id,
    bad_generations.detail,
    reasons.remedy,
    bad_generations.template_id,
    bad_generations.model_id,
    bad_generations.timestamp,
    bad_generations.response_file
from bad_generations
left join reasons on bad_generations.reason = reasons.reason
where :reason in ('', bad_generations.reason)
order by reasons.precedence, bad_generations.source_csv, bad_generations.row_index
