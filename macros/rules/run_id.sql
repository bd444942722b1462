{% macro run_id() -%}
    {{ return(var("run_id", none) or env_var("RUN_ID", "") or "backfill") }}
{%- endmacro %}
