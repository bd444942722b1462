-- One row per list of the index (attached as `stored`), with the checksum of its rows.
-- `make sql` renders this into src/docs_index/warehouse/rendered.
-- Of a damaged table, the columns that it has count.
with final as (
    
    select
        'bad_generations' as table_name,
        count(*) as row_count,
        cast(
            coalesce(
                sum(
                    md5_number_lower(cast(to_json([unpack(cast(columns(*) as varchar))]) as varchar))
                ),
                0
            ) as varchar
        ) as checksum
    from stored.bad_generations
    union all
    
    select
        'link_candidates' as table_name,
        count(*) as row_count,
        cast(
            coalesce(
                sum(
                    md5_number_lower(cast(to_json([unpack(cast(columns(*) as varchar))]) as varchar))
                ),
                0
            ) as varchar
        ) as checksum
    from stored.link_candidates
    union all
    
    select
        'backfill_conflicts' as table_name,
        count(*) as row_count,
        cast(
            coalesce(
                sum(
                    md5_number_lower(cast(to_json([unpack(cast(columns(*) as varchar))]) as varchar))
                ),
                0
            ) as varchar
        ) as checksum
    from stored.backfill_conflicts
    union all
    
    select
        'backfill_notices' as table_name,
        count(*) as row_count,
        cast(
            coalesce(
                sum(
                    md5_number_lower(cast(to_json([unpack(cast(columns(*) as varchar))]) as varchar))
                ),
                0
            ) as varchar
        ) as checksum
    from stored.backfill_notices
    union all
    
    select
        'backfill_counters' as table_name,
        count(*) as row_count,
        cast(
            coalesce(
                sum(
                    md5_number_lower(cast(to_json([unpack(cast(columns(*) as varchar))]) as varchar))
                ),
                0
            ) as varchar
        ) as checksum
    from stored.backfill_counters
    union all
    
    select
        'column_descriptions' as table_name,
        count(*) as row_count,
        cast(
            coalesce(
                sum(
                    md5_number_lower(cast(to_json([unpack(cast(columns(*) as varchar))]) as varchar))
                ),
                0
            ) as varchar
        ) as checksum
    from stored.column_descriptions
    
)

select * from final