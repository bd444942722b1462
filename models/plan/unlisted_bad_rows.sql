-- One row per rejected row of the build that bad_generations.csv does not list yet.
-- In the order in which they are appended. A row without a row_key has its number as
-- id.
with rejected as (select * from {{ ref("bad_generations") }}),

listed as (select * from {{ source("run", "listed_bad_rows") }}),

final as (
    select
        source_csv,
        row_index,
        row_key,
        task_id,
        reason,
        detail,
        combo_id,
        template_id,
        model_id,
        timestamp,
        response_file,
        logical_key_id,
        run_id
    from rejected
    where not exists (
        select 1
        from listed
        where
            listed.source_csv = rejected.source_csv
            and coalesce(listed.row_key, listed.row_index)
            = coalesce(rejected.row_key, cast(rejected.row_index as varchar))
            and listed.reason = rejected.reason
            and listed.run_id = rejected.run_id
    )
)

select * from final
order by
    {{ source_order() }},
    source_csv,
    row_index
