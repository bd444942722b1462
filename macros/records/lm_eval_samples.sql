{#-
    One row per row of lm_eval's samples files, with what its results file says of the
    run. A samples file names neither model nor time: samples_TASK_STAMP belongs to the
    results_STAMP of its folder.
-#}
{% macro lm_eval_samples(tool_rows) -%}
    with read_results as (
        select
            source_csv,
            {{ lm_eval_run("file") }} as run_path,
            json_extract(
                row, ['$.model_name', '$.date', '$.versions', '$."n-shot"']
            ) as run
        from {{ tool_rows }}
        where tool = 'lm_eval' and relation = 'results' and fault is null
    ),

    read_samples as (
        select
            source_csv,
            file,
            file_number,
            place,
            position,
            fault,
            {{ lm_eval_run("file") }} as run_path,
            {{ lm_eval_task("file") }} as task_name,
            map_from_entries(
                list_filter(
                    map_entries(from_json(row, '"MAP(VARCHAR, JSON)"')),
                    lambda entry: json_type(entry.value) != 'NULL'
                )
            ) as fields
        from {{ tool_rows }}
        where tool = 'lm_eval' and (relation = 'sample' or fault is not null)
    ),

    named as (
        select
            *,
            fields['doc_id'] ->> '$' as doc_id,
            fields['filter'] ->> '$' as filter_name,
            case json_type(fields['arguments'])
                when 'OBJECT' then list_transform(
                    map_values(cast(fields['arguments'] as map (varchar, json))),
                    lambda request: json_extract(request, ['$.arg_0', '$.arg_1'])
                )
                when 'ARRAY' then list_transform(
                    {{ json_items("fields['arguments']") }},
                    lambda request: json_extract(request, ['$[0]', '$[1]'])
                )
            end as requests,
            if(
                json_type(fields['resps']) = 'ARRAY',
                {{ json_items("fields['resps']") }},
                null
            ) as answers
        from read_samples
    ),

    final as (
        select
            named.*,
            regexp_extract(named.run_path, '[^/]*$') as run_stamp,
            results.run[1] ->> '$' as model_id,
            results.run[2] ->> '$' as run_date,
            json_extract_string(results.run[3], '$."' || named.task_name || '"')
                as task_version,
            nullif(
                json_extract_string(results.run[4], '$."' || named.task_name || '"'),
                '0'
            ) as shots,
            json_type(named.requests[1][2]) = 'OBJECT' as is_text,
            coalesce(
                named.fault,
                if(
                    named.doc_id is null
                    or named.requests is null
                    or named.answers is null,
                    {{ no_lm_eval_sample() }},
                    null
                )
            ) as row_fault
        from named
        left join read_results as results
            on
                named.source_csv = results.source_csv
                and named.run_path = results.run_path
    )

    select * from final
{%- endmacro %}


{#-
    One row per row of a samples file and its filter. The rows of a document differ by
    filter alone: one has its answers. Rows before 2024-11-28 do not name their filter,
    but come in its order.
-#}
{% macro lm_eval_filters(samples) -%}
    with documents as (
        select
            source_csv,
            file,
            doc_id,
            list(place order by place) as places,
            arg_min(filter_name, place) as first_filter
        from {{ samples }}
        where row_fault is null
        group by source_csv, file, doc_id
    ),

    each_row as (
        select
            *,
            unnest(places) as place,
            generate_subscripts(places, 1) as place_number
        from documents
    ),

    final as (
        select
            source_csv,
            file,
            place,
            first_filter,
            place_number = 1 as is_first,
            if(place_number = 1, 'none', cast(place_number as varchar)) as filter_number
        from each_row
    )

    select * from final
{%- endmacro %}


{% macro no_lm_eval_sample() -%}
    'it is no sample: doc_id, arguments or resps are missing, or of another shape'
{%- endmacro %}


{#- The folder and the stamp of a run, by the name of one of its files; '' without. -#}
{% macro lm_eval_run(file) -%}
    regexp_replace(
        regexp_extract(
            {{ file }},
            '^(?:.*/)?(?:results|samples_[^/]+)_[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9.-]+'
            || '\.jsonl?(?:\.gz)?$'
        ),
        '(?:results|samples_[^/]+)_([^/_]+)\.jsonl?(?:\.gz)?$',
        '\1'
    )
{%- endmacro %}


{#- The task that a samples file is of, by its name; null without. -#}
{% macro lm_eval_task(file) -%}
    nullif(regexp_extract({{ file }}, '(?:^|/)samples_([^/]+)_[^/_]+$', 1), '')
{%- endmacro %}
