-- One row per file that may be suggested: its name is the same, or may be similar, or
-- its path is the same in another spelling.
with likely as (select * from {{ source("run", "likely_names") }}),

offered as (select * from {{ ref("offered_names") }}),

respelt_files as (select * from {{ ref("respelt_files") }}),

unnamed_files as (select * from {{ source("run", "unnamed_files") }}),

sought_files as (select * from {{ ref("sought_files") }}),

final as (
    select
        offered.root_folder,
        offered.path
    from offered
    inner join likely
        on offered.scope = likely.scope and offered.name = likely.offered_name
    where offered.path is not null
    union
    select
        unnamed_files.root_folder,
        unnamed_files.path
    from unnamed_files
    inner join sought_files
        on
            unnamed_files.root_folder = sought_files.root_folder
            and unnamed_files.name = sought_files.name
    union
    select
        root_folder,
        path
    from respelt_files
)

select * from final
