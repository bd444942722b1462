-- The files that may be suggested, of names that may be alike or are the same.
select
    offered.root_folder,
    offered.path
from offered
inner join likely on offered.scope = likely.scope and offered.name = likely.offered_name
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
order by all
