-- One row per source row whose response file cannot be used, with its path.
with source_rows as (select * from {{ source("run", "source_rows") }}),

final as (
    select
        write_order,
        root_folder,
        regexp_extract(path, '^(.*/)?[^/]*$', 1) as directory,
        regexp_extract(path, '[^/]*$') as name
    from source_rows
    where reason = 'missing_response_file' and path != ''
)

select * from final
