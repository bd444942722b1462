-- One row per file of llm that this program cannot read: of a version it does not know.
-- The migrations that a file has been through say what its tables are.
with files as (
    {{ files_of_tool("llm") }}
),

migrations as (
    select
        source_csv,
        file,
        json_extract_string(row, ['$.name', '$.migration_set']) as fields
    from {{ ref("stg_histories__tool_rows") }}
    where tool = 'llm' and relation = 'migrations' and fault is null
),

known as (
    {% for name in [
        "m001_initial", "m002_id_primary_key", "m003_chat_id_foreign_key",
        "m004_column_order", "m004_drop_provider", "m005_debug", "m006_new_logs_table",
        "m007_finish_logs_table", "m008_reply_to_id_foreign_key",
        "m008_fix_column_order_in_logs", "m009_delete_logs_table_if_empty",
        "m010_create_new_log_tables", "m011_fts_for_responses",
        "m012_attachments_tables", "m013_usage", "m014_schemas",
        "m015_fragments_tables", "m016_fragments_table_pks", "m017_tools_tables",
        "m017_tools_plugin", "m018_tool_instances", "m019_resolved_model",
        "m020_tool_results_attachments", "m021_tool_results_exception",
        "m022_response_reasoning", "m023_message_store",
        "m024_tool_instance_references", "m025_turn_tools_instance_backfill",
        "m026_message_tree_view", "m027_turns_response_json"
    ] %}
    select {{ sql_text(name) }} as name {{ "union all" if not loop.last }}
    {% endfor %}
),

found as (
    select
        migrations.source_csv,
        migrations.file,
        max(migrations.fields[1]) as latest,
        bool_or(known.name = 'm010_create_new_log_tables') as has_responses,
        min(migrations.fields[1]) filter (known.name is null) as unknown_name
    from migrations
    left join known on migrations.fields[1] = known.name
    where coalesce(migrations.fields[2], 'llm') != 'llm.embeddings'
    group by migrations.source_csv, migrations.file
),

final as (
    select
        files.source_csv,
        files.file,
        case
            when found.file is null
                then 'no migrations of llm: this is no log of llm'
            when found.unknown_name is not null
                then
                    'the migration ' || {{ printable("found.unknown_name", 80) }}
                    || '; this program knows those of llm 0.36, up to '
                    || 'm027_turns_response_json'
            else
                'migrations up to ' || found.latest || '; this program reads logs '
                || 'from m010_create_new_log_tables on: open it with a newer llm'
        end as detail
    from files
    left join found
        on files.source_csv = found.source_csv and files.file = found.file
    where
        found.file is null
        or found.unknown_name is not null
        or not coalesce(found.has_responses, false)
)

select * from final
