-- One row per file of an lm_eval source that cannot be read: by its first row, by its
-- name, or because the results file of its run is not there.
with tool_rows as not materialized (
    select * from {{ ref('stg_histories__tool_rows') }}
),

results as (
    select distinct
        source_csv,
        {{ lm_eval_run("file") }} as run_path
    from tool_rows
    where tool = 'lm_eval' and relation = 'results'
),

first_rows as (
    select
        source_csv,
        file,
        json_extract(
            arg_min(row, place), ['$.doc_id', '$.arguments', '$.resps']
        ) as fields
    from tool_rows
    where tool = 'lm_eval' and relation = 'sample' and fault is null
    group by source_csv, file
),

named as (
    select
        *,
        {{ lm_eval_run("file") }} as run_path,
        {{ lm_eval_task("file") }} as task_name,
        coalesce(json_type(fields[1]), 'NULL') != 'NULL'
        and coalesce(json_type(fields[2]), '') in ('OBJECT', 'ARRAY')
        and coalesce(json_type(fields[3]), '') = 'ARRAY' as is_sample
    from first_rows
),

checked as (
    select
        named.source_csv,
        named.file,
        case
            when not named.is_sample
                then
                    'its first row is no sample with doc_id, arguments and resps, as '
                    || '--log_samples writes them'
            when named.task_name is null or named.run_path = ''
                then
                    'it is not called samples_TASK_STAMP.jsonl, which says what its '
                    || 'samples are of'
            when results.run_path is null
                then
                    'results_' || regexp_extract(named.run_path, '[^/]*$') || '.json '
                    || 'of its folder, which names the model, is not among the files '
                    || 'of the source: add it to `files`'
        end as detail
    from named
    left join results
        on
            named.source_csv = results.source_csv
            and named.run_path = results.run_path
),

final as (
    select
        source_csv,
        file,
        detail
    from checked
    where detail is not null
)

select * from final
