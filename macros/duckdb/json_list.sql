{#- The texts in a JSON list. -#}
{% macro json_list(json) -%}
    {{ adapter.dispatch("json_list")(json) }}
{%- endmacro %}


{% macro default__json_list(json) -%}
    from_json({{ json }}, '["VARCHAR"]')
{%- endmacro %}


{% macro list_of_one(value) -%}
    {{ adapter.dispatch("list_of_one")(value) }}
{%- endmacro %}


{% macro default__list_of_one(value) -%}
    [{{ value }}]
{%- endmacro %}


{#- One row per element: the element under a name, and its `position` from 1. -#}
{% macro each_numbered(list, name) -%}
    {{ adapter.dispatch("each_numbered")(list, name) }}
{%- endmacro %}


{% macro default__each_numbered(list, name) -%}
    unnest({{ list }}) as {{ name }},
    generate_subscripts({{ list }}, 1) as position
{%- endmacro %}


{% macro joined_list(list, separator) -%}
    {{ adapter.dispatch("joined_list")(list, separator) }}
{%- endmacro %}


{% macro default__joined_list(list, separator) -%}
    array_to_string({{ list }}, {{ separator }})
{%- endmacro %}
