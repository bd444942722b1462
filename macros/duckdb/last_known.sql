{#- The last value that is not null, up to a row of a window, which follows it. -#}
{% macro last_known(column) -%}
    {{ adapter.dispatch("last_known")(column) }}
{%- endmacro %}


{% macro default__last_known(column) -%}
    last_value({{ column }} ignore nulls)
{%- endmacro %}
