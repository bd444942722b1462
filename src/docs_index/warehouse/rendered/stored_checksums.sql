-- One row per list of the index (attached as `stored`), with the checksum of its rows.
-- `make sql` renders this into src/docs_index/warehouse/rendered.
with final as (
    
    select
        'bad_generations' as table_name,
        count(*) as row_count,
        cast(
            coalesce(
                sum(
                    md5_number_lower(
                        cast(to_json([cast("source_csv" as varchar), cast("row_index" as varchar), cast("row_key" as varchar), cast("task_id" as varchar), cast("reason" as varchar), cast("detail" as varchar), cast("combo_id" as varchar), cast("template_id" as varchar), cast("model_id" as varchar), cast("timestamp" as varchar), cast("response_file" as varchar), cast("logical_key_id" as varchar), cast("run_id" as varchar)]) as varchar)
                    )
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
                    md5_number_lower(
                        cast(to_json([cast("stream" as varchar), cast("place" as varchar), cast("link_method" as varchar), cast("role" as varchar), cast("source_csv" as varchar), cast("row_index" as varchar), cast("created_at" as varchar), cast("doc_id" as varchar), cast("chosen_place" as varchar)]) as varchar)
                    )
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
                    md5_number_lower(
                        cast(to_json([cast("kind" as varchar), cast("run_id" as varchar), cast("row_key" as varchar), cast("doc_id" as varchar), cast("detail" as varchar)]) as varchar)
                    )
                ),
                0
            ) as varchar
        ) as checksum
    from stored.backfill_conflicts
    union all
    
    select
        'backfill_counters' as table_name,
        count(*) as row_count,
        cast(
            coalesce(
                sum(
                    md5_number_lower(
                        cast(to_json([cast("counter" as varchar), cast("value" as varchar)]) as varchar)
                    )
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
                    md5_number_lower(
                        cast(to_json([cast("table_name" as varchar), cast("position" as varchar), cast("column_name" as varchar), cast("description" as varchar)]) as varchar)
                    )
                ),
                0
            ) as varchar
        ) as checksum
    from stored.column_descriptions
    
)

select * from final