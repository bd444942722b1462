-- One row per rejected row for which a repair sets a timestamp, with the row_key that
-- it has as an attempt. It counts after the attempts of the table, which keep theirs.
-- Several repairs of one row are judged in int_repairs__judged.
with repairs as (select * from {{ ref("stg_cross_experiment__repairs") }}),

source_rows as (select * from {{ ref("int_rows__classified") }}),

invalid as (
    select *
    from source_rows
    where reason = 'invalid_timestamp'
),

asked as (
    select
        invalid.source_csv,
        invalid.row_index,
        invalid.task_id,
        min({{ instant("repairs.value") }}) as occurred_at
    from repairs
    inner join invalid
        on
            repairs.source_csv = invalid.source_csv
            and repairs.row_index_text = cast(invalid.row_index as string)
            and repairs.task_id = invalid.task_id
    where repairs.action = 'set_timestamp'
    group by invalid.source_csv, invalid.row_index, invalid.task_id
),

counted as (
    select
        asked.source_csv,
        asked.row_index,
        asked.task_id,
        asked.occurred_at,
        count(source_rows.row_key) as attempts
    from asked
    left join source_rows
        on
            asked.source_csv = source_rows.source_csv
            and asked.task_id = source_rows.task_id
            and asked.occurred_at = source_rows.occurred_at
    where asked.occurred_at is not null
    group by
        asked.source_csv, asked.row_index, asked.task_id, asked.occurred_at
),

final as (
    select
        source_csv,
        row_index,
        occurred_at,
        source_csv || ':' || task_id || ':' || {{ instant_text("occurred_at") }}
        || ':' || (
            attempts + row_number() over (
                partition by source_csv, task_id, occurred_at
                order by row_index
            )
        ) as row_key
    from counted
)

select * from final
