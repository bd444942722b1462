-- One row per source whose table is not what it was: of 20 documents or more, most have
-- no row any more, or one that is rejected today, all of these for one reason.
-- What is that different is a spoiled table, more likely than a corrected one.
with known_rows as (select * from {{ ref("known_rows") }}),

sources as (select * from {{ ref("sources") }}),

input_files as (select * from {{ ref("stg_data_root__input_files") }}),

counted_before as (select * from {{ source("stored", "backfill_counters") }}),

counted_now as (select * from {{ ref("backfill_counters") }}),

by_source as (
    select
        source_csv,
        count(*) as documents,
        count(*) filter (where is_vanished) as vanished
    from known_rows
    group by source_csv
    having count(*) >= 20
),

by_reason as (
    select
        source_csv,
        reason,
        count(*) as now_bad
    from known_rows
    where reason is not null
    group by source_csv, reason
),

most_frequent as (
    select
        source_csv,
        reason,
        now_bad
    from by_reason
    qualify
        row_number() over (
            partition by source_csv order by now_bad desc, reason asc
        ) = 1
),

folders as (
    select distinct sources.results_table
    from sources
    inner join input_files
        on
            input_files.path
            like '7_cross_experiment/' || sources.results_table || '/%'
),

final as (
    select
        by_source.source_csv,
        coalesce(
            '7_cross_experiment/' || sources.results_table
            || case when folders.results_table is null then '.csv' else '/' end,
            'source ' || by_source.source_csv || ' of histories.yml'
        ) as source_name,
        by_source.documents,
        by_source.vanished,
        most_frequent.reason,
        coalesce(most_frequent.now_bad, 0) as now_bad,
        counted_before.value as rows_before,
        coalesce(counted_now.value, 0) as rows_now
    from by_source
    left join sources on by_source.source_csv = sources.source_csv
    left join folders on sources.results_table = folders.results_table
    left join most_frequent on by_source.source_csv = most_frequent.source_csv
    left join counted_before
        on counted_before.counter = 'rows_' || by_source.source_csv
    left join counted_now on counted_now.counter = 'rows_' || by_source.source_csv
    where
        2 * (by_source.vanished + coalesce(most_frequent.now_bad, 0))
        > by_source.documents
)

select * from final
order by {{ source_order() }}, source_csv
