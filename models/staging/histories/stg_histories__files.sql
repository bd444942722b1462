-- One row per file of a history that was read.
-- It is loaded last: loading it refuses the build if a file has changed meanwhile.
-- depends_on: {{ ref("stg_histories__rows") }}
-- depends_on: {{ ref("stg_histories__tool_rows") }}
with files as (
    select * from {{ source('histories', 'files') }}
),

final as (
    select
        source_csv,
        file,
        file_number,
        rows as rows_read,
        size_bytes,
        sha256
    from files
)

select * from final
