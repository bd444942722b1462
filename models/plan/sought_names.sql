-- One row per rejected row and name that it may have misspelt, with the repair that
-- would correct it. Files are compared within one directory, directories for files of
-- the same name, and task ids all together. An evaluation whose target is a rejected
-- row is not compared: it waits for a repair of that row.
with sought_files as (select * from {{ ref("sought_files") }}),

source_rows as (select * from {{ source("run", "source_rows") }}),

answered as (select * from {{ ref("int_attempts__answered") }}),

sought_targets as (
    select
        source_rows.write_order,
        unnest([answered.essay_task_id, answered.generation_task_id]) as task_id
    from source_rows
    inner join answered on source_rows.row_key = answered.row_key
    where source_rows.reason = 'unresolved_target'
),

waiting as (
    select sought_targets.write_order
    from sought_targets
    inner join source_rows on sought_targets.task_id = source_rows.task_id
    where source_rows.source_csv != 'evaluation' and source_rows.reason is not null
),

final as (
    select
        write_order,
        'set_response_file' as action,
        root_folder || '/' || directory as scope,
        name,
        directory as value_before,
        '' as value_after,
        'a file of that directory that no row names; ' as evidence
    from sought_files
    union all
    select
        write_order,
        'set_response_file' as action,
        root_folder || '/*/' || name as scope,
        directory as name,
        '' as value_before,
        name as value_after,
        'a file of the same name that no row names; of its directory ' as evidence
    from sought_files
    union all
    select
        write_order,
        'set_target' as action,
        '' as scope,
        task_id as name,
        '' as value_before,
        '' as value_after,
        'a task id that documents have; of ' || task_id || ' ' as evidence
    from sought_targets
    where
        task_id is not null
        and not exists (
            select 1 from waiting
            where waiting.write_order = sought_targets.write_order
        )
)

select * from final
