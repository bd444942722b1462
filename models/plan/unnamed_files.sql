-- One row per file under the sought folders that no source row names.
with files as (select * from {{ source("run", "candidate_files") }}),

source_rows as (select * from {{ source("run", "source_rows") }}),

final as (
    select
        root_folder,
        path,
        regexp_extract(path, '^(.*/)?[^/]*$', 1) as directory,
        regexp_extract(path, '[^/]*$') as name
    from files
    where
        -- Paths of tables are trimmed.
        path = trim(path, chr(32) || chr(9) || chr(13) || chr(10))
        and not exists (
            select 1
            from source_rows
            where
                source_rows.path = files.path
                and source_rows.root_folder = files.root_folder
        )
)

select * from final
