{% macro sql_text(text) -%}
    {{ adapter.dispatch("sql_text")(text) }}
{%- endmacro %}


{% macro default__sql_text(text) -%}
    '{{ text | replace("'", "''") }}'
{%- endmacro %}
