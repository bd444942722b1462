-- Fails when the rows that the reader counted in its files, the rows in the source
-- table, the counter rows_{source_csv} and the documents and bad rows of that source
-- are not the same number, or the counters of the whole build do not add up. A table
-- that was cut off while it was read would otherwise look like a short one.
-- Does not check which rows they are; assert_every_row_ends_in_one_place does.
{{ config(meta={"dagster": {"ref": {"name": "backfill_counters"}}}) }}
with input_files as (select * from {{ ref("stg_data_root__input_files") }}),

counters as (select * from {{ ref("backfill_counters") }}),

resolved as (select * from {{ ref("int_rows__resolved") }}),

sums as (
    {%- for table in source_tables() %}
    select
        'rows_{{ table.source_csv }}' as counter,
        (
            select coalesce(sum(data_rows), 0)
            from input_files
            where
                path = '7_cross_experiment/{{ table.name }}.csv'
                or {{ begins_with("path", "'7_cross_experiment/" ~ table.name ~ "/'") }}
        ) as rows_in_file,
        (
            select count(*)
            from {{ source("cross_experiment", table.name) }}
        ) as rows_read,
        (
            select count(*)
            from resolved
            where
                source_csv = '{{ table.source_csv }}'
                and (doc_id is null) = (reason is not null)
        ) as rows_resolved
    union all
    {%- endfor %}
    select
        'all rows' as counter,
        (
            select sum(value)
            from counters
            where {{ begins_with("counter", "'rows_'") }}
        ) as rows_in_file,
        (
            select sum(value)
            from counters
            where
                counter in (
                    'draft_ok',
                    'essay_parent_resolved',
                    'eval_resolved',
                    'history_ok',
                    'bad_generations'
                )
        ) as rows_read,
        (select count(*) from resolved) as rows_resolved
)

select
    sums.counter,
    counters.value,
    sums.rows_in_file,
    sums.rows_read,
    sums.rows_resolved
from sums
left join counters on sums.counter = counters.counter
where
    sums.rows_in_file != sums.rows_read
    or sums.rows_in_file != sums.rows_resolved
    or (
        sums.counter != 'all rows'
        and counters.value is distinct from sums.rows_in_file
    )
