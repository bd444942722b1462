-- One row per file of an Inspect source that is no log of version 2, or has nothing.
with tool_rows as (
    select * from {{ ref('stg_histories__tool_rows') }}
),

versions as (
    select
        source_csv,
        file,
        json_extract_string(row, '$.version') as log_version
    from tool_rows
    where tool = 'inspect' and relation = 'log' and fault is null
),

read_files as (
    {{ files_of_tool("inspect") }}
),

final as (
    select
        source_csv,
        file,
        coalesce(
            'log version ' || {{ printable("log_version", 20) }},
            'an object without a log version'
        ) || '; this program reads version 2' as detail
    from versions
    where log_version is distinct from '2'
    union all
    select
        read_files.source_csv,
        read_files.file,
        'no object: this is no log of Inspect' as detail
    from read_files
    left join tool_rows
        on
            read_files.source_csv = tool_rows.source_csv
            and read_files.file = tool_rows.file
    where tool_rows.file is null
)

select * from final
