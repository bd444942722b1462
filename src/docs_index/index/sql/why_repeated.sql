-- The row that a duplicate_row repeats: the earlier attempt of its table with the same
-- values. An attempt has a document, or a reason that its values did not give. A repair
-- may have replaced its response file. A row may have both, a document of an earlier
-- build and a reason of the last one. No row where what the index has leaves several:
-- the tasks that an evaluation names are not in it.
with attempts as (
    select
        *,
        coalesce(
            response_file is :response_file
            or exists (
                select 1 from json_each(source_rows.repair) as repairs
                where json_extract(repairs.value, '$.was') = :response_file
            ),
            false
        ) as has_same_file
    from source_rows
    where
        stage = :stage
        and task_id = :task_id
        and template_id = :template_id
        and model_id = :model_id
        and run_id = :run_id
        and source_csv = :source_csv
        and row_index < :row_index
        -- The same instant, however its timestamp is written.
        and instr(
            row_key, :source_csv || ':' || :task_id || ':' || :instant || ':'
        ) = 1
        and combo_id is :combo_id
        and coalesce(reason, '') not in (
            'missing_task_id',
            'missing_key_columns',
            'not_successful',
            'invalid_timestamp',
            'duplicate_row'
        )
),

fitting as (
    select *
    from attempts
    -- A document has its earlier files in `repair`; a row that was not ingested has
    -- not.
    where
        has_same_file
        or (
            fate = 'bad_row'
            and not exists (
                select 1 from attempts as earlier
                where earlier.has_same_file
            )
        )
)

select
    fate,
    source_csv,
    row_index,
    row_key,
    stage,
    task_id,
    combo_id,
    template_id,
    model_id,
    timestamp,
    response_file,
    run_id,
    doc_id,
    logical_key_id,
    status,
    parent_doc_id,
    link_method,
    repair,
    file,
    position,
    reason,
    detail,
    moment
from fitting
where (select count(distinct found.row_index) from fitting as found) = 1
order by moment desc, doc_id asc
limit 1
