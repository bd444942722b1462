{#- Values as one JSON text, which differs if any of them does. -#}
{% macro values_text(columns) -%}
    cast(to_json([
        {%- for column in columns -%}
            to_json({{ column }}){{ ", " if not loop.last }}
        {%- endfor -%}
    ]) as varchar)
{%- endmacro %}
