{#- The run_id of this build: the var, else RUN_ID, else `backfill`. -#}
{% macro run_id() -%}
    {{ return(var("run_id", none) or env_var("RUN_ID", "") or "backfill") }}
{%- endmacro %}
