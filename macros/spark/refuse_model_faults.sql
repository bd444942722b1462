{#- There is no Python model: a function of a worker that fails stops the build. -#}
{% macro spark__refuse_model_faults() -%}
{%- endmacro %}
