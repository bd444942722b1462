-- The rows that the directories tell of, in the shape in which rows are checked.
create table documents as
select
    {columns},
    found_dir as doc_dir,
    row_index,
    [source_csv, combo_id, response_file, parent_task_id, link_method] as small
from recorded;
