-- The duplicates of a document's record: rejected records of its source with the same
-- values, as far as the index has them.
select
    source_csv,
    row_index,
    response_file as file,  -- noqa: RF04
    detail
from bad_generations
where
    reason = 'duplicate_row'
    and task_id is :task_id
    and combo_id is :combo_id
    and template_id is :template_id
    and model_id is :model_id
    and timestamp is :timestamp
    and run_id = :run_id
    and source_csv = :source_csv
    and row_index > :row_index
order by row_index
