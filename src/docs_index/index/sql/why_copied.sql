-- The record that a duplicate of a history repeats: the earlier one of its source with
-- the same values, as far as the index has them. No row where these fit several.
with fitting as (
    select * from source_rows
    where
        fate = 'document'
        and file is not null
        and task_id is :task_id
        and combo_id is :combo_id
        and template_id is :template_id
        and model_id is :model_id
        and timestamp is :timestamp
        and run_id = :run_id
        and source_csv = :source_csv
        and row_index < :row_index
)

select * from fitting
where (select count(found.row_index) from fitting as found) = 1
