-- The names that are near enough, of those that may be alike: how many edits make one of
-- the other. A file that cannot be used is out before the nearest are chosen.
delete from unnamed_files
using unusable
where
    unnamed_files.root_folder = unusable.root_folder
    and unnamed_files.path = unusable.path;

delete from likely
using offered, unusable
where
    likely.scope = offered.scope
    and likely.offered_name = offered.name
    and offered.root_folder = unusable.root_folder
    and offered.path = unusable.path;

-- The nearest by a cheap measure: to count edits takes some hundred times as long.
create table nearest as
select
    scope,
    sought_name,
    offered_name
from likely
qualify row_number() over (
    partition by scope, sought_name
    order by jaro_winkler_similarity(sought_name, offered_name) desc, offered_name
) <= {most_of_a_row};

-- An ending like `.txt` that both have says nothing.
create table edited as
select
    *,
    levenshtein(lower(sought_name), lower(offered_name)) as edits,
    greatest(length(sought_name), length(offered_name)) - case
        when
            regexp_extract(lower(sought_name), '[.][a-z]+$')
            = regexp_extract(lower(offered_name), '[.][a-z]+$')
            then length(regexp_extract(sought_name, '[.][A-Za-z]+$'))
        else 0
    end as letters
from nearest;

-- What differs in a number is likely to be another thing: another run, or another day.
create table pairs as
select
    *,
    regexp_replace(sought_name, '[^0-9]+', ' ', 'g')
    != regexp_replace(offered_name, '[^0-9]+', ' ', 'g') as has_other_numbers,
    1 - edits / greatest(letters, 1)
    - case when has_other_numbers then 0.15 else 0 end as similarity,
    case
        when edits = 0 then 'only the case of letters differs'
        else
            edits || ' letters differ'
            || case when has_other_numbers then ', and its numbers' else '' end
    end as difference
from edited
where similarity >= {least_similarity};
