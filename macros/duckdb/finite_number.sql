{#- A text as a double; null if it is no number, or one without an end. -#}
{% macro finite_number(text) -%}
    list_filter(
        [
            case
                when {{ matches(
                    trimmed(text),
                    "'[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?'"
                ) }}
                    then try_cast({{ trimmed(text) }} as double)
            end
        ],
        lambda number: isfinite(number)
    )[1]
{%- endmacro %}
