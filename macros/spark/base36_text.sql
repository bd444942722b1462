{% macro spark__base36_text(number, width=1) -%}
    {%- set digits = "lower(conv(cast(" ~ number ~ " as string), 10, 36))" -%}
    lpad({{ digits }}, greatest({{ width }}, length({{ digits }})), '0')
{%- endmacro %}


{% macro spark__hexadecimal(digits) -%}
    cast(conv({{ digits }}, 16, 10) as bigint)
{%- endmacro %}


{% macro spark__sha256_hex(text) -%}
    sha2({{ text }}, 256)
{%- endmacro %}
