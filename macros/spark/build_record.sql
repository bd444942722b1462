{#- A build is a schema of its own: there is nothing to mark or to empty. -#}
{% macro spark__begin_build_record() -%}
{%- endmacro %}


{#- Written last, so that a schema with a record is a complete build. -#}
{% macro spark__finish_build_record(results) %}
    {% set missing = missing_nodes(results) if execute else [] %}
    {% if execute and missing %}
        {% do log(incomplete_line(missing, []), info=true) %}
    {% elif execute and flags.WHICH == "build" %}
        {% call statement("record") %}
            create table {{ target.schema }}.build_record using parquet as
            select
                'complete' as status,
                min(data_root) as data_root,
                {{ sql_text(run_id()) }} as run_id,
                {{ sql_text(evaluation_root()) }} as evaluation_root,
                cast({{ max_response_bytes() }} as bigint) as max_response_bytes
            from {{ target.schema }}.stg_data_root__input_files
        {% endcall %}
    {% endif %}
{% endmacro %}
