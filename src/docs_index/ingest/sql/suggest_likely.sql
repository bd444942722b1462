-- Names that are alike: what bad rows name against what is there. Comparing all with
-- all would take the square of their number, so only those are compared that share a
-- key: the name without one of its words, or about half of its letters. A key that many
-- names share says nothing, and is left out.

-- One row per file that no row names.
create table unnamed_files as
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
    );

-- Files are compared within one directory, directories where the file is of one name,
-- and task ids all together.
create table sought as
select distinct
    root_folder || '/' || directory as scope,
    name
from sought_files
union all
select distinct
    root_folder || '/*/' || name as scope,
    directory as name
from sought_files
union all
select distinct
    '' as scope,
    task_id as name
from sought_targets;

create table offered as
select
    root_folder || '/' || directory as scope,
    name,
    root_folder,
    path
from unnamed_files
where root_folder || '/' || directory in (select sought.scope from sought)
union all
select
    root_folder || '/*/' || name as scope,
    directory as name,
    root_folder,
    path
from unnamed_files
where root_folder || '/*/' || name in (select sought.scope from sought)
union all
select distinct
    '' as scope,
    task_id as name,
    null as root_folder,
    null as path
from source_rows
where
    reason is null
    and stage != 'evaluation'
    and exists (from sought_targets);

-- One row per name and key: all its words; all but one of them, each in turn; the first
-- half of its letters, and the last, each also one letter shorter.
create macro keys_of(names) as table
select distinct
    scope,
    name,
    unnest(list_concat(
        [hash(words)],
        list_transform(
            range(1, len(words) + 1),
            lambda nth: hash(words[:nth - 1] || words[nth + 1:])
        ),
        list_transform(
            [len(name) // 2, len(name) // 2 - 1],
            lambda half: hash('first ' || lower(left(name, half)))
        ),
        list_transform(
            [len(name) // 2, len(name) // 2 - 1],
            lambda half: hash('last ' || lower(right(name, half)))
        )
    )) as key
from (
    select
        scope,
        name,
        list_filter(
            string_split_regex(lower(name), '[^\p{{L}}\p{{N}}]+'), lambda word: word != ''
        )[:24] as words
    from query_table(names)
);

create table offered_keys as
select *
from keys_of('offered')
qualify count(*) over (partition by scope, key) <= {most_of_a_key};

-- One row per pair of names that may be alike: those that share the most keys.
create table likely as
select
    sought_keys.scope,
    sought_keys.name as sought_name,
    offered_keys.name as offered_name
from keys_of('sought') as sought_keys
inner join offered_keys
    on sought_keys.scope = offered_keys.scope and sought_keys.key = offered_keys.key
group by sought_keys.scope, sought_keys.name, offered_keys.name
qualify row_number() over (
    partition by sought_keys.scope, sought_keys.name
    order by count(*) desc, offered_keys.name
) <= {most_of_a_key};
