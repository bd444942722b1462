-- One row per suggestion: the best few of each rejected row, in the order of the rows.
with source_rows as (select * from {{ source("run", "source_rows") }}),

unnamed_files as (select * from {{ source("run", "unnamed_files") }}),

unusable_files as (select * from {{ source("run", "unusable_files") }}),

sought_files as (select * from {{ ref("sought_files") }}),

sought_names as (select * from {{ ref("sought_names") }}),

name_pairs as (select * from {{ ref("name_pairs") }}),

respelt_files as (select * from {{ ref("respelt_files") }}),

likely_timestamps as (select * from {{ ref("likely_timestamps") }}),

possible_parents as (select * from {{ ref("possible_parents") }}),

by_name as (
    select
        sought_names.write_order,
        sought_names.action,
        sought_names.value_before
        || name_pairs.offered_name
        || sought_names.value_after as value,
        name_pairs.similarity as confidence,
        sought_names.evidence || name_pairs.difference as evidence
    from sought_names
    inner join name_pairs
        on
            sought_names.scope = name_pairs.scope
            and sought_names.name = name_pairs.sought_name
),

namesakes as (
    select
        *,
        count(*) over (partition by root_folder, name) as times
    from unnamed_files
    where not exists (
        select 1
        from unusable_files
        where
            unusable_files.root_folder = unnamed_files.root_folder
            and unusable_files.path = unnamed_files.path
    )
),

by_directory as (
    select
        sought_files.write_order,
        'set_response_file' as action,
        namesakes.path as value,
        0.95 / namesakes.times as confidence,
        'a file of the same name in another directory, that no row names' as evidence
    from sought_files
    inner join namesakes
        on
            sought_files.root_folder = namesakes.root_folder
            and sought_files.name = namesakes.name
            and sought_files.directory != namesakes.directory
    where namesakes.times <= {{ var("most_suggestions_of_a_row") }}
),

by_spelling as (
    select
        write_order,
        'set_response_file' as action,
        path as value,
        1 as confidence,
        evidence
    from respelt_files
    where not exists (
        select 1
        from unusable_files
        where
            unusable_files.root_folder = respelt_files.root_folder
            and unusable_files.path = respelt_files.path
    )
),

by_timestamp as (
    select
        write_order,
        'set_timestamp' as action,
        value,
        confidence,
        evidence
    from likely_timestamps
),

by_parent as (
    select
        possible_parents.write_order,
        'set_parent' as action,
        possible_parents.row_key as value,
        possible_parents.confidence,
        drafts.source_csv || ' row ' || drafts.row_index || ': '
        || possible_parents.evidence as evidence
    from possible_parents
    inner join source_rows as drafts on possible_parents.row_key = drafts.row_key
),

candidates as (
    select * from by_name
    union all
    select * from by_directory
    union all
    select * from by_spelling
    union all
    select * from by_timestamp
    union all
    select * from by_parent
),

judged as (
    select
        write_order,
        action,
        value,
        max(confidence) as highest,
        arg_max(evidence, (confidence, evidence)) as evidence
    from candidates
    group by write_order, action, value
),

best as (
    select
        *,
        round(least(highest, 0.99), 2) as confidence,
        row_number() over (
            partition by write_order order by highest desc, value asc
        ) as rank
    from judged
),

ordered as (
    select
        source_rows.source_csv,
        source_rows.row_key,
        case when source_rows.row_key is null then source_rows.row_index end
            as row_index,
        source_rows.task_id,
        best.action,
        best.value,
        'suggested: ' || best.evidence as reason,
        'suggest_repairs.py' as "by",  -- noqa: RF06
        best.confidence,
        best.evidence,
        source_rows.reason as bad_reason,
        best.write_order
    from best
    inner join source_rows on best.write_order = source_rows.write_order
    where best.rank <= {{ var("most_suggestions_of_a_row") }}
),

final as (
    select
        source_csv,
        row_key,
        row_index,
        task_id,
        action,
        value,
        reason,
        "by",  -- noqa: RF06
        confidence,
        evidence,
        bad_reason
    from ordered
    order by write_order asc, confidence desc, value asc
)

select * from final
