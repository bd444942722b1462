-- One row per name that a rejected row could mean, in the scope where it is looked for.
with sought as (select * from {{ ref("sought_names") }}),

unnamed_files as (select * from {{ source("run", "unnamed_files") }}),

source_rows as (select * from {{ source("run", "source_rows") }}),

scopes as (select distinct scope from sought),

offered as (
    select
        root_folder || '/' || directory as scope,
        name,
        root_folder,
        path
    from unnamed_files
    union all
    select
        root_folder || '/*/' || name as scope,
        directory as name,
        root_folder,
        path
    from unnamed_files
    union all
    select distinct
        '' as scope,
        task_id as name,
        cast(null as varchar) as root_folder,
        cast(null as varchar) as path
    from source_rows
    where reason is null and stage != 'evaluation'
),

final as (
    select
        offered.scope,
        offered.name,
        offered.root_folder,
        offered.path
    from offered
    inner join scopes on offered.scope = scopes.scope
)

select * from final
