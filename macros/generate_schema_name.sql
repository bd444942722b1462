{#-
    Models of the plan have a separate schema, with the name in dbt_project.yml. The
    stored failures of tests are in dbt's default schema for them.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is not none and node.resource_type == "model" -%}
        {{ custom_schema_name | trim }}
    {%- else -%}
        {{ default__generate_schema_name(custom_schema_name, node) }}
    {%- endif -%}
{%- endmacro %}
