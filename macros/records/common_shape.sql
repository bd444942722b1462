{#- JSON members as one object; null where there is none of them. -#}
{% macro json_or_null(fields) -%}
    nullif({{ json_compact(fields) }}, '{}')
{%- endmacro %}


{#- The links of a judgement to what it judges, from a list of ids. -#}
{% macro target_links(ids) -%}
    list_transform(
        list_zip({{ ids }}, range(1, len({{ ids }}) + 1)),
        lambda pair: {
            'role': 'target',
            'position': pair[2],
            'source': cast(null as varchar),
            'id': pair[1],
            'task_id': cast(null as varchar),
            'model_id': cast(null as varchar)
        }
    )
{%- endmacro %}


{#- Records in the common shape; links and score may be missing in all of them. -#}
{% macro common_shape(relation) -%}
    select
        source_csv,
        file,
        cast(file_number as bigint) as file_number,
        cast(place as bigint) as place,
        position,
        kind,
        {{ untrimmed("record_id") }} as record_id,
        {{ untrimmed("task_id") }} as task_id,
        {{ untrimmed("combo_id") }} as combo_id,
        {{ untrimmed("template_id") }} as template_id,
        {{ untrimmed("model_id") }} as model_id,
        {{ untrimmed("status") }} as status,
        {{ untrimmed("timestamp_text") }} as timestamp_text,
        occurred_at,
        created_from,
        prompt,
        response,
        cast(score as double) as score,
        score_text,
        coalesce(cast(links as {{ links_type() }}), []) as links,
        origin_run_id,
        nullif(cast(meta as varchar), '{}') as meta,
        fault
    from {{ relation }}
{%- endmacro %}
