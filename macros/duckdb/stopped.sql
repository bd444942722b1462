{% macro stopped(message) -%}
    error({{ message }})
{%- endmacro %}
