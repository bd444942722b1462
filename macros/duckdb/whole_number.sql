{% macro whole_number(text) -%}
    try_cast({{ text }} as bigint)
{%- endmacro %}


{% macro whole_quotient(dividend, divisor) -%}
    {{ adapter.dispatch("whole_quotient")(dividend, divisor) }}
{%- endmacro %}


{% macro default__whole_quotient(dividend, divisor) -%}
    {{ dividend }} // {{ divisor }}
{%- endmacro %}
