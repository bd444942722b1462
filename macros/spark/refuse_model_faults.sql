{#- Spark runs no Python model. A function of a worker that fails stops the build. -#}
{% macro spark__refuse_model_faults() -%}
{%- endmacro %}
