{% macro spark__stopped(message) -%}
    raise_error({{ message }})
{%- endmacro %}
