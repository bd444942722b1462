{#-
    JSON is written by DuckDB in the workers: engines do not escape the same signs, nor
    print the same decimals. The values go there as texts.
-#}
{% macro spark__json_compact(fields) -%}
    {{ duckdb_text(default__json_compact(fields_of_list(fields)), fields) }}
{%- endmacro %}


{% macro spark__json_pretty(fields) -%}
    {{ duckdb_text(default__json_pretty(fields_of_list(fields)), fields) }}
{%- endmacro %}


{% macro duckdb_text(expression, fields) -%}
    duckdb_text({{ sql_text(expression) }}, array(
        {%- for name, value, kind in fields -%}
            cast({{ value }} as string){{ ", " if not loop.last }}
        {%- endfor -%}
    ))
{%- endmacro %}


{% macro fields_of_list(fields) %}
    {% set found = [] %}
    {% for name, value, kind in fields %}
        {% set element = "list_of_values[" ~ loop.index ~ "]" %}
        {% if kind.endswith("decimal") %}
            {% set element = "cast(" ~ element ~ " as double)" %}
        {% endif %}
        {% do found.append((name, element, kind)) %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}


{% macro spark__instant_text(instant) -%}
    date_format({{ instant }}, {{ sql_text("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'") }})
{%- endmacro %}
