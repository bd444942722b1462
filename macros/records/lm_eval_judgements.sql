{#-
    One row per metric and filter of lm_eval's samples. Over repeats, a metric judges
    all of them.
-#}
{% macro lm_eval_judgements(samples, filters) -%}
    with with_filters as (
        select
            samples.*,
            coalesce(samples.filter_name, filters.filter_number) as filter_label
        from {{ samples }} as samples
        inner join {{ filters }} as filters
            on
                samples.source_csv = filters.source_csv
                and samples.file = filters.file
                and samples.place = filters.place
        where samples.row_fault is null
    ),

    measured as (
        select
            *,
            list_filter(
                map_entries(fields),
                lambda entry: if(
                    fields['metrics'] is null,
                    entry.key not in (
                        'doc_id', 'doc', 'target', 'arguments', 'resps',
                        'filtered_resps', 'filter', 'doc_hash', 'prompt_hash',
                        'target_hash'
                    ),
                    list_contains(
                        from_json(fields['metrics'], '["VARCHAR"]'), entry.key
                    )
                )
            ) as metrics,
            if(
                is_text and json_type(answers[1]) = 'ARRAY',
                cast(json_array_length(answers[1]) as bigint),
                1
            ) as repeats
        from with_filters
    ),

    each_metric as (
        select
            *,
            unnest(metrics) as metric,
            generate_subscripts(metrics, 1) as metric_number
        from measured
    ),

    named as (
        select
            *,
            metric.key as metric_name,
            metric.value ->> '$' as value_text,
            concat_ws(':', run_stamp, model_id, task_name, doc_id) as answer_id
        from each_metric
    ),

    scored as (
        select
            *,
            {{ finite_number("value_text") }} as score,
            list_transform(
                range(1, repeats + 1), lambda number: answer_id || ':' || number
            ) as target_ids
        from named
    ),

    final as (
        select
            source_csv,
            file,
            file_number,
            place * 1000000 + metric_number as place,
            if(len(metrics) > 1, position || '.' || metric_number, position)
                as position,
            'judgement' as kind,
            concat_ws(':', answer_id, filter_label, metric_name) as record_id,
            concat_ws('/', task_name, doc_id, filter_label, metric_name) as task_id,
            fields['doc_hash'] ->> '$' as combo_id,
            concat_ws('/', metric_name, filter_label) as template_id,
            'code:' || metric_name as model_id,
            'success' as status,
            run_date as timestamp_text,
            {{ instant_of_epoch("run_date", 1) }} as occurred_at,
            if(run_date is null, 'none', 'run') as created_from,
            score,
            if(score is null, value_text, null) as score_text,
            {{ target_links("target_ids") }} as links,
            run_stamp as origin_run_id,
            {{ json_or_null([
                ("filter", "filter_label", "text"),
                ("target", "fields['target']", "optional json"),
                (
                    "filtered",
                    "if(is_text, fields['filtered_resps'], null)",
                    "optional json",
                ),
            ]) }} as meta
        from scored
    )

    select * from final
{%- endmacro %}
