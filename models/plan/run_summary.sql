-- One row per line of a run's summary: a count of a topic, a missing table, an example.
-- Of missing folders the first five are named, as each row may have one. Each kind of
-- conflict, each reason and each stage has two examples, each kind of notice has three.
{% set most_folders = 5 %}
with built as (select * from {{ ref("documents") }}),

planned as (select * from {{ source("run", "planned") }}),

pending as (select * from {{ ref("pending") }}),

conflicts as (select * from {{ ref("conflicts") }}),

notices as (select * from {{ ref("notices") }}),

rejected as (select * from {{ ref("bad_generations") }}),

reasons as (select * from {{ ref("reasons") }}),

reported as (select * from {{ source("run", "consistency_rows") }}),

rejected_tables as (select * from {{ ref("rejected_tables") }}),

missing_folders as (select * from {{ ref("missing_folders") }}),

input_files as (select * from {{ ref("stg_data_root__input_files") }}),

histories as (select * from {{ ref("stg_histories__sources") }}),

skipped as (
    select count(*) as documents
    from built
    where not exists (
        select 1 from planned
        where planned.doc_id = built.doc_id
    )
),

-- A missing prompt does not count: the prompt file may be newer than the document.
damaged as (
    select count(*) as documents
    from reported
    where
        doc_id is not null
        and (missing_raw or missing_parsed or not content_matches)
),

conflict_kinds as (
    select
        conflicts.kind,
        count(*) as documents,
        min(planned.write_order) as first_of_all
    from conflicts
    inner join planned on conflicts.doc_id = planned.doc_id
    group by conflicts.kind
),

notice_kinds as (
    select
        kind,
        count(*) as documents
    from notices
    group by kind
),

ranked_notices as (
    select
        kind,
        kind || ': ' || row_key || ': ' || detail as example,
        row_number() over (partition by kind order by row_key, doc_id) as rank
    from notices
),

stages as (
    select
        stage,
        count(*) as documents
    from pending
    group by stage
),

rejected_by_reason as (
    select
        rejected.reason,
        reasons.precedence,
        count(*) as source_rows
    from rejected
    inner join reasons on rejected.reason = reasons.reason
    group by rejected.reason, reasons.precedence
),

examples as (
    select
        1 as section,
        kind,
        kind || ': ' || row_key || ': ' || detail as example
    from conflicts
    union all
    select
        2 as section,
        rejected.reason as kind,
        rejected.reason
        || ': '
        || rejected.source_csv
        || case
            when histories.source_csv is null then ' row ' || rejected.row_index else ''
        end
        || ': '
        || rejected.detail as example
    from rejected
    left join histories on rejected.source_csv = histories.source_csv
    union all
    select
        3 as section,
        stage as kind,
        stage || ': ' || task_id || ' -> docs/' || doc_dir as example
    from pending
),

ranked_examples as (
    select
        *,
        row_number() over (partition by section, kind order by example) as rank
    from examples
),

ranked_folders as (
    select
        *,
        least(
            row_number() over (order by source_rows desc, folder asc),
            {{ most_folders + 1 }}
        ) as rank
    from missing_folders
),

final as (
    select
        'skipped' as topic,
        cast(1 as bigint) as rank,
        'skipped' as name,
        documents as amount
    from skipped
    union all
    select
        'damaged' as topic,
        cast(1 as bigint) as rank,
        'damaged' as name,
        documents as amount
    from damaged
    union all
    select
        'conflict' as topic,
        row_number() over (
            order by kind != 'lineage_changed', first_of_all, kind
        ) as rank,
        kind as name,
        documents as amount
    from conflict_kinds
    union all
    select
        'stage' as topic,
        row_number() over (order by {{ stage_order() }} nulls last, stage) as rank,
        stage as name,
        documents as amount
    from stages
    union all
    select
        'reason' as topic,
        cast(precedence as bigint) as rank,
        reason as name,
        source_rows as amount
    from rejected_by_reason
    union all
    select
        'missing_table' as topic,
        row_number() over (order by path) as rank,
        path as name,
        cast(null as bigint) as amount
    from input_files
    where
        (
            (path like '7_cross_experiment/%_results.csv' and not is_present)
            or path like '7_cross_experiment/%_results/'  -- a folder without files
        )
        -- Whoever has histories alone misses no table.
        and (
            not exists (from histories)
            or exists (
                select 1
                from input_files as present
                where
                    present.is_present
                    and present.path like '7_cross_experiment/%_results%'
            )
        )
    union all
    select
        'whole_table' as topic,
        row_number() over (order by write_order) as rank,
        words as name,
        rejected_rows as amount
    from rejected_tables
    union all
    select
        'unmatched_pattern' as topic,
        row_number() over (order by source_number, pattern) as rank,
        'histories.yml, ' || source_csv || ': no file fits ' || pattern as name,
        cast(null as bigint) as amount
    from (
        select
            source_number,
            source_csv,
            unnest(from_json(unmatched, '["varchar"]')) as pattern
        from histories
    ) as patterns
    union all
    select
        'missing_folder' as topic,
        rank,
        case
            when rank <= {{ most_folders }} then min(words)
            else count(*) || ' more folders of response files are missing'
        end as name,
        cast(sum(source_rows) as bigint) as amount
    from ranked_folders
    group by rank
    union all
    select
        'example' as topic,
        row_number() over (order by section, kind, example) as rank,
        example as name,
        cast(null as bigint) as amount
    from ranked_examples
    where rank <= 2
    union all
    select
        'notice' as topic,
        row_number() over (order by kind) as rank,
        kind as name,
        documents as amount
    from notice_kinds
    union all
    select
        'notice_example' as topic,
        row_number() over (order by kind, rank) as rank,
        example as name,
        cast(null as bigint) as amount
    from ranked_notices
    where rank <= 3
)

select * from final
order by topic, rank
