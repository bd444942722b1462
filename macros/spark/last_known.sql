{% macro spark__last_known(column) -%}
    last_value({{ column }}) ignore nulls
{%- endmacro %}
