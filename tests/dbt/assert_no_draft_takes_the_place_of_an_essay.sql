-- Fails when an evaluation has a draft or link as its target although the essay table
-- has a row of its essay_task_id, and no repair says so. Its score would be told of a
-- text that it did not judge, because the essay failed or lost its file.
-- Does not check which of several essays of the task it is; the oracle does.
{{ config(meta={"dagster": {"ref": {"name": "int_rows__resolved"}}}) }}
with resolved as (select * from {{ ref("int_rows__resolved") }}),

answered as (select * from {{ ref("int_attempts__answered") }}),

essay_tasks as (
    select distinct task_id
    from resolved
    where source_csv = 'essay'
)

select
    resolved.source_csv,
    resolved.row_index,
    answered.essay_task_id,
    resolved.parent_task_id,
    resolved.link_method
from resolved
inner join answered on resolved.row_key = answered.row_key
inner join essay_tasks on answered.essay_task_id = essay_tasks.task_id
where resolved.link_method not in ('essay_task_id', 'repair')
