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

-- Files are compared within one directory, task ids all together.
create table sought as
select distinct
    root_folder || '/' || directory as scope,
    name
from sought_files
union all
select distinct
    '' as scope,
    task_id as name
from sought_targets;

create table offered as
select
    root_folder || '/' || directory as scope,
    name
from unnamed_files
where root_folder || '/' || directory in (select sought.scope from sought)
union all
select distinct
    '' as scope,
    task_id as name
from source_rows
where
    reason is null
    and stage != 'evaluation'
    and exists (from sought_targets);

create macro words_of(name) as list_filter(
    string_split_regex(lower(name), '[^\p{{L}}\p{{N}}]+'), lambda word: word != ''
)[:24];

create macro keys_of(name) as list_distinct(list_concat(
    [hash(array_to_string(words_of(name), ''))],
    list_transform(
        range(1, len(words_of(name)) + 1),
        lambda nth: hash(
            array_to_string(words_of(name)[:nth - 1], ' ') || ' '
            || array_to_string(words_of(name)[nth + 1:], ' ')
        )
    ),
    list_transform(
        [len(name) // 2, len(name) // 2 - 1],
        lambda half: hash('first ' || lower(left(name, half)))
    ),
    list_transform(
        [len(name) // 2, len(name) // 2 - 1],
        lambda half: hash('last ' || lower(right(name, half)))
    )
));

create table offered_keys as
select
    scope,
    name,
    key
from (
    select
        scope,
        name,
        unnest(keys_of(name)) as key
    from offered
)
qualify count(*) over (partition by scope, key) <= {most_of_a_key};

-- One row per pair of names that may be alike; the best few by a measure that is cheap.
create table likely as
select
    scope,
    sought_name,
    offered_name
from (
    select distinct
        sought_keys.scope,
        sought_keys.name as sought_name,
        offered_keys.name as offered_name
    from (
        select
            scope,
            name,
            unnest(keys_of(name)) as key
        from sought
    ) as sought_keys
    inner join offered_keys
        on
            sought_keys.scope = offered_keys.scope
            and sought_keys.key = offered_keys.key
)
qualify row_number() over (
    partition by scope, sought_name
    order by jaro_winkler_similarity(sought_name, offered_name) desc, offered_name
) <= 10;

-- What differs in a number is likely to be another thing: another run, or another day.
create table pairs as
select
    scope,
    sought_name,
    offered_name,
    edits,
    has_other_numbers,
    1 - edits / greatest(length(sought_name), length(offered_name))
    - case when has_other_numbers then 0.15 else 0 end as similarity
from (
    select
        scope,
        sought_name,
        offered_name,
        levenshtein(lower(sought_name), lower(offered_name)) as edits,
        regexp_replace(sought_name, '[^0-9]+', ' ', 'g')
        != regexp_replace(offered_name, '[^0-9]+', ' ', 'g') as has_other_numbers
    from likely
)
where similarity >= {least_similarity};
