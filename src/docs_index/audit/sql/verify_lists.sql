-- Compares the current lists with their checksums and with the documents.
insert into findings
with counters as (
    select
        counter,
        try_cast(value as bigint) as value
    from stored.backfill_counters
),

has_lists as (
    select exists (from stored.list_checksums) or exists (from counters) as has_lists
),

-- What a counter must be, by the list of bad rows.
bad as (
    select
        count(*) as bad_generations,
        count(*) filter (
            where bad.reason = 'missing_response_file' and sources.stage = 'draft'
        ) as draft_missing_response,
        count(*) filter (
            where bad.reason = 'unresolved_parent' and bad.source_csv = 'essay'
        ) as essay_unresolved_parent,
        count(*) filter (
            where bad.reason = 'unresolved_target' and bad.source_csv = 'evaluation'
        ) as eval_unresolved_target
    from stored.bad_generations as bad
    left join sources on bad.source_csv = sources.source_csv
),

by_bad_rows as (
    unpivot bad on columns(*) into name counter value rows_counted
),

-- The build's documents are in the index or in conflict, and all have one run_id.
accounted as (
    select
        run_id,
        source_csv,
        count(*) as documents
    from (
        select
            run_id,
            source_csv
        from documents
        union all
        select
            run_id,
            split_part(row_key, ':', 1) as source_csv
        from stored.backfill_conflicts
    ) as taken
    group by run_id, source_csv
),

resolved as (
    select
        'draft_ok' as counter,
        'draft' as stage
    union all
    select
        'essay_parent_resolved' as counter,
        'essay' as stage
    union all
    select
        'eval_resolved' as counter,
        'evaluation' as stage
),

at_most as (
    select
        counter,
        max(documents) as documents
    from (
        select
            resolved.counter,
            sum(accounted.documents) as documents
        from resolved
        inner join sources on resolved.stage = sources.stage
        inner join accounted on sources.source_csv = accounted.source_csv
        group by resolved.counter, accounted.run_id
    ) as of_runs
    group by counter
),

sums as (
    select
        sum(value) filter (where starts_with(counter, 'rows_')) as rows_read,
        sum(value) filter (
            where
            counter in (
                'draft_ok',
                'essay_parent_resolved',
                'eval_resolved',
                'history_ok',
                'bad_generations'
            )
        ) as rows_placed,
        count(*) as counters
    from counters
),

there as (select count(*) as documents from documents)

select
    'lists_missing' as code,
    null as doc_id,
    $index as path,
    'it lacks the rejected rows, counters and descriptions of a run' as detail
from has_lists
where
    not has_lists.has_lists
    -- If programs have added all documents, there need not have been a run.
    and not coalesce(
        (select bool_and(documents.source_csv = 'runtime') from documents), false
    )
union all
select
    'list_differs' as code,
    null as doc_id,
    $index as path,
    coalesce(stored.table_name, made.table_name) || ' has '
    || coalesce(cast(made.row_count as varchar), 'no')
    || ' rows; after the last run it had '
    || coalesce(stored.row_count, 'no') || case
        when stored.row_count = cast(made.row_count as varchar) then ' others' else ''
    end as detail
from stored.list_checksums as stored
full join made_checksums as made on stored.table_name = made.table_name
cross join has_lists
where
    has_lists.has_lists
    and (
        stored.row_count is distinct from cast(made.row_count as varchar)
        or stored.checksum is distinct from made.checksum
    )
union all
select
    'list_differs' as code,
    null as doc_id,
    $index as path,
    'run_record has ' || record.documents || ' documents, but there are '
    || there.documents as detail
from stored.run_record as record
cross join there
where not coalesce(try_cast(record.documents as bigint) <= there.documents, false)
union all
select
    'counters_differ' as code,
    null as doc_id,
    $index as path,
    'counter ' || by_bad_rows.counter || ' is '
    || coalesce(cast(counters.value as varchar), 'missing') || ', the list has '
    || by_bad_rows.rows_counted as detail
from by_bad_rows
left join counters on by_bad_rows.counter = counters.counter
cross join has_lists
where has_lists.has_lists and counters.value is distinct from by_bad_rows.rows_counted
union all
select
    'counters_differ' as code,
    null as doc_id,
    $index as path,
    coalesce(sums.rows_read, 0) || ' rows were read, ' || coalesce(sums.rows_placed, 0)
    || ' became documents or rejected rows' as detail
from sums
cross join has_lists
where
    has_lists.has_lists
    and (sums.rows_read is distinct from sums.rows_placed or sums.counters < 11)
union all
select
    'counters_differ' as code,
    null as doc_id,
    $index as path,
    'counter ' || counters.counter || ' is ' || counters.value
    || ', but no run_id has so many documents' as detail
from counters
inner join resolved on counters.counter = resolved.counter
left join at_most on counters.counter = at_most.counter
where counters.value > coalesce(at_most.documents, 0)
union all
select
    'reason_unknown' as code,
    null as doc_id,
    $index as path,
    source_csv || ' row ' || row_index || ' of bad_generations has the reason '
    || reason as detail
from stored.bad_generations
where
    reason not in (select reasons.reason from reasons)
    or 'rows_' || source_csv not in (select counters.counter from counters)
