{#- A text as a whole number of 64 bits; null where it is not one. -#}
{% macro whole_number(text) -%}
    try_cast({{ text }} as bigint)
{%- endmacro %}


{#- The whole part of a quotient; `/` makes a double. -#}
{% macro whole_quotient(dividend, divisor) -%}
    {{ dividend }} // {{ divisor }}
{%- endmacro %}
