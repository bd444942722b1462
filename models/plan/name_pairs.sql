-- One row per pair of similar names: few edits turn one into the other.
-- Files that cannot be used are left out before the nearest names are chosen.
with likely as (select * from {{ source("run", "likely_names") }}),

unusable_files as (select * from {{ source("run", "unusable_files") }}),

offered as (select * from {{ ref("offered_names") }}),

unusable as (
    select
        offered.scope,
        offered.name
    from offered
    inner join unusable_files
        on
            offered.root_folder = unusable_files.root_folder
            and offered.path = unusable_files.path
),

-- The nearest by a cheap measure: counting edits takes about a hundred times as long.
ranked as (
    select
        *,
        row_number() over (
            partition by scope, sought_name
            order by
                jaro_winkler_similarity(sought_name, offered_name) desc,
                offered_name asc
        ) as rank
    from likely
    where not exists (
        select 1
        from unusable
        where unusable.scope = likely.scope and unusable.name = likely.offered_name
    )
),

-- An ending like `.txt` that both have says nothing. Names that differ in a number
-- probably belong to different attempts or days.
edited as (
    select
        scope,
        sought_name,
        offered_name,
        levenshtein(lower(sought_name), lower(offered_name)) as edits,
        greatest(length(sought_name), length(offered_name)) - case
            when
                regexp_extract(lower(sought_name), '[.][a-z]+$')
                = regexp_extract(lower(offered_name), '[.][a-z]+$')
                then length(regexp_extract(sought_name, '[.][A-Za-z]+$'))
            else 0
        end as letters,
        regexp_replace(sought_name, '[^0-9]+', ' ', 'g')
        != regexp_replace(offered_name, '[^0-9]+', ' ', 'g') as has_other_numbers
    from ranked
    where rank <= {{ var("most_suggestions_of_a_row") }}
),

measured as (
    select
        *,
        1 - edits / greatest(letters, 1)
        - case when has_other_numbers then 0.15 else 0 end as similarity
    from edited
),

final as (
    select
        scope,
        sought_name,
        offered_name,
        similarity,
        case
            when edits = 0 then 'only the case of letters differs'
            else
                edits || ' letters differ'
                || case when has_other_numbers then ', and its numbers' else '' end
        end as difference
    from measured
    where similarity >= {{ var("least_similarity") }}
)

select * from final
