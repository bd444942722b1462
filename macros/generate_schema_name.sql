{#-
    Models of the plan are in a schema of their own, called as the project says. What a
    test found is kept next to the models, as dbt has it.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is not none and node.resource_type == "model" -%}
        {{ custom_schema_name | trim }}
    {%- else -%}
        {{ default__generate_schema_name(custom_schema_name, node) }}
    {%- endif -%}
{%- endmacro %}
