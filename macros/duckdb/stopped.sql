{#- Stops the statement with a message, as soon as a row needs this value. -#}
{% macro stopped(message) -%}
    error({{ message }})
{%- endmacro %}
