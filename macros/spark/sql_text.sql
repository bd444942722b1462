{#- Spark reads backslashes in a literal, and two quotes as the end of one. -#}
{% macro spark__sql_text(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}
