-- One row per file of promptfoo that this program cannot read: of a version it does not
-- know. A database says it by its migrations, whose names are the times they were
-- written at; a JSON export by its version; JSONL has none.
with tool_rows as (
    select * from {{ ref("stg_histories__tool_rows") }}
    where tool = 'promptfoo'
),

read_files as (
    {{ files_of_tool("promptfoo") }}
),

files as (
    select
        read_files.source_csv,
        read_files.file,
        regexp_matches(lower(read_files.file), '[.](db|sqlite)$') as is_database,
        coalesce(
            bool_or(tool_rows.relation = 'file'),
            regexp_matches(lower(read_files.file), '[.]json([.]gz)?$')
        ) as is_export
    from read_files
    left join tool_rows
        on
            read_files.source_csv = tool_rows.source_csv
            and read_files.file = tool_rows.file
    group by read_files.source_csv, read_files.file
),

migrations as (
    select
        source_csv,
        file,
        json_extract_string(row, '$.created_at') as written_at
    from tool_rows
    where relation = 'migrations' and fault is null
),

known as (
    {% for written_at in [
        1710348564252, 1710706957023, 1719636070237, 1722936175344, 1724977752728,
        1725929907379, 1727893035888, 1727991120763, 1729202208526, 1729541645771,
        1730348380232, 1732340901582, 1747540425042, 1747884934558, 1747944795053,
        1750564150910, 1753822088137, 1755317492245, 1755723226650, 1757026874299,
        1757650210456, 1761694564206, 1765906817572, 1767985150681, 1779816393227
    ] %}
    select '{{ written_at }}' as written_at {{ "union all" if not loop.last }}
    {% endfor %}
),

databases as (
    select
        migrations.source_csv,
        migrations.file,
        max(migrations.written_at) as latest,
        bool_or(migrations.written_at = '1732340901582') as has_failure_reasons,
        max(migrations.written_at) filter (known.written_at is null) as unknown_name
    from migrations
    left join known on migrations.written_at = known.written_at
    group by migrations.source_csv, migrations.file
),

exports as (
    select
        source_csv,
        file,
        json_extract_string(row, '$.results.version') as version_text
    from tool_rows
    where relation = 'file' and fault is null
),

explained as (
    select
        files.source_csv,
        files.file,
        case
            when files.is_database and databases.file is null
                then 'no migrations of promptfoo: this is no database of promptfoo'
            when databases.unknown_name is not null
                then
                    'the migration ' || {{ printable("databases.unknown_name", 80) }}
                    || '; this program knows those of promptfoo 0.121.20, up to '
                    || '1779816393227'
            when files.is_database and not databases.has_failure_reasons
                then
                    'migrations up to ' || databases.latest || '; this program reads '
                    || 'databases from 1732340901582 on: open it with a newer promptfoo'
            when files.is_export and exports.version_text is null
                then 'no version of results: this is no export of promptfoo'
            when exports.version_text != '3'
                then
                    'results of version ' || {{ printable("exports.version_text", 80) }}
                    || '; this program reads version 3'
        end as detail
    from files
    left join databases
        on files.source_csv = databases.source_csv and files.file = databases.file
    left join exports
        on files.source_csv = exports.source_csv and files.file = exports.file
),

final as (
    select
        source_csv,
        file,
        detail
    from explained
    where detail is not null
)

select * from final
