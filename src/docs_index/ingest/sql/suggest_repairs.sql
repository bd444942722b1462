-- One row per suggestion: the best few of each bad row, in the order of the rows.
with candidates as (
    select
        sought_files.write_order,
        'set_response_file' as action,
        sought_files.directory || pairs.offered_name as value,
        pairs.similarity as confidence,
        'a file of that directory that no row names; ' || pairs.difference as evidence
    from sought_files
    inner join pairs
        on
            sought_files.root_folder || '/' || sought_files.directory = pairs.scope
            and sought_files.name = pairs.sought_name
    union all
    select
        sought_files.write_order,
        'set_response_file' as action,
        pairs.offered_name || sought_files.name as value,
        pairs.similarity as confidence,
        'a file of the same name that no row names; of its directory '
        || pairs.difference as evidence
    from sought_files
    inner join pairs
        on
            sought_files.root_folder || '/*/' || sought_files.name = pairs.scope
            and sought_files.directory = pairs.sought_name
    union all
    select
        sought_files.write_order,
        'set_response_file' as action,
        namesakes.path as value,
        0.95 / namesakes.times as confidence,
        'a file of the same name in another directory, that no row names' as evidence
    from sought_files
    inner join (
        select
            *,
            count(*) over (partition by root_folder, name) as times
        from unnamed_files
    ) as namesakes
        on
            sought_files.root_folder = namesakes.root_folder
            and sought_files.name = namesakes.name
            and sought_files.directory != namesakes.directory
    where namesakes.times <= {most_of_a_row}
    union all
    select
        parents.write_order,
        'set_parent' as action,
        parents.row_key as value,
        parents.confidence,
        drafts.source_csv || ' row ' || drafts.row_index || ': ' || parents.evidence
            as evidence
    from parents
    inner join source_rows as drafts on parents.row_key = drafts.row_key
    union all
    select
        sought_targets.write_order,
        'set_target' as action,
        pairs.offered_name as value,
        pairs.similarity as confidence,
        'a task id that documents have; of ' || sought_targets.task_id || ' '
        || pairs.difference as evidence
    from sought_targets
    inner join pairs on pairs.scope = '' and sought_targets.task_id = pairs.sought_name
),

best as (
    select
        write_order,
        action,
        value,
        round(least(max(confidence), 0.99), 2) as confidence,
        arg_max(evidence, (confidence, evidence)) as evidence
    from candidates
    group by write_order, action, value
    qualify row_number() over (
        partition by write_order
        order by max(confidence) desc, value
    ) <= {most_of_a_row}
)

select
    source_rows.source_csv,
    source_rows.row_key,
    null as row_index,
    source_rows.task_id,
    best.action,
    best.value,
    'suggested: ' || best.evidence as reason,
    'suggest_repairs.py' as "by",
    best.confidence,
    best.evidence,
    source_rows.reason as bad_reason
from best
inner join source_rows on best.write_order = source_rows.write_order
order by best.write_order, best.confidence desc, best.value
