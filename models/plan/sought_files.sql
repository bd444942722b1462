-- One row per source row whose response file cannot be used, with its path.
-- A path as Windows writes it is split as if it had `/`.
with source_rows as (
    select
        *,
        replace(path, chr(92), '/') as slashed
    from {{ source("run", "source_rows") }}
),

final as (
    select
        write_order,
        root_folder,
        regexp_extract(slashed, '^(.*/)?[^/]*$', 1) as directory,
        regexp_extract(slashed, '[^/]*$') as name
    from source_rows
    where reason = 'missing_response_file' and path != ''
)

select * from final
