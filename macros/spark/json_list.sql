{% macro spark__json_list(json) -%}
    from_json({{ json }}, 'array<string>')
{%- endmacro %}


{% macro spark__list_of_one(value) -%}
    array({{ value }})
{%- endmacro %}


{% macro spark__each_numbered(list, name) -%}
    inline(
        transform(
            {{ list }},
            (element, place) ->
            struct(element as {{ name }}, cast(place + 1 as bigint) as position)
        )
    )
{%- endmacro %}


{% macro spark__joined_list(list, separator) -%}
    array_join({{ list }}, {{ separator }})
{%- endmacro %}
