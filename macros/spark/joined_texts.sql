{#- Lists are joined in their order; a group's rows have none. -#}
{% macro spark__joined_texts(text, separator, order) -%}
    array_join(
        transform(
            array_sort(collect_list(
                case
                    when {{ text }} is not null
                        then struct({{ order }} as place, {{ text }} as said)
                end
            )),
            each -> each.said
        ),
        {{ separator }}
    )
{%- endmacro %}


{% macro spark__has_word(text, word) -%}
    array_contains(split({{ text }}, ' '), {{ word }})
{%- endmacro %}
