-- One row per row of a file of promptfoo that is no result, and should be: one that
-- cannot be read, or an evaluation of an old promptfoo, which kept all of its results
-- in one text of the table `evals`.
with tool_rows as (
    select * from {{ ref("stg_histories__tool_rows") }}
    where tool = 'promptfoo'
),

evals as (
    select
        *,
        json_extract_string(row, ['$.id', '$.results']) as fields
    from tool_rows
    where relation = 'evals' and fault is null
),

old_evals as (
    select
        source_csv,
        file,
        file_number,
        place,
        position,
        fields[1] as record_id,
        'the evaluation ' || coalesce(fields[1], '')
        || ' keeps its results in the table evals, as an old promptfoo did; export it '
        || 'with promptfoo, and read the export' as fault
    from evals
    where try(json_array_length(fields[2], '$.results')) > 0
),

faulty as (
    select
        source_csv,
        file,
        file_number,
        place,
        position,
        cast(null as varchar) as record_id,
        fault
    from tool_rows
    where fault is not null and relation in ('eval_results', 'result', 'file')
),

united as (
    select * from old_evals
    union all
    select * from faulty
),

final as (
    select
        source_csv,
        file,
        file_number,
        place,
        position,
        'generation' as kind,
        record_id,
        'none' as created_from,
        fault
    from united
)

select * from final
