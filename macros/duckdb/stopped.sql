{% macro stopped(message) -%}
    {{ adapter.dispatch("stopped")(message) }}
{%- endmacro %}


{% macro default__stopped(message) -%}
    error({{ message }})
{%- endmacro %}
