{% macro whole_number(text) -%}
    try_cast({{ text }} as bigint)
{%- endmacro %}


{% macro whole_quotient(dividend, divisor) -%}
    {{ dividend }} // {{ divisor }}
{%- endmacro %}
