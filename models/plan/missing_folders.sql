-- One row per missing folder of response files, not those below another missing one.
with absent_folders as (select * from {{ source("run", "absent_folders") }}),

doubtful as (select * from {{ ref("doubtful_folders") }}),

final as (
    select
        doubtful.folder,
        doubtful.source_rows,
        doubtful.folder || ' is missing: ' || doubtful.source_rows || case
            when doubtful.source_rows = 1 then ' row names a file'
            else ' rows name files'
        end || ' in it' as words
    from doubtful
    inner join absent_folders on doubtful.folder = absent_folders.folder
    where not exists (
        select 1
        from absent_folders as above
        where starts_with(doubtful.folder, above.folder || '/')
    )
)

select * from final
