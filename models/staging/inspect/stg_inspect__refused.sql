-- One row per file of an Inspect source that is no log of version 2.
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
)

select * from final
