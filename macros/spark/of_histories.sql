{#- DuckDB reads the histories, and joins their records to what an engine built. -#}
{% macro spark__of_histories(model, columns) -%}
    select
        {%- for column, type in columns.items() %}
        cast(null as {{ "timestamp_ntz" if type == "timestamp" else type }})
            as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    where false
{%- endmacro %}
