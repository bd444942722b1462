{% macro base36_text(number, width=1) -%}
    lower(to_base({{ number }}, 36, {{ width }}))
{%- endmacro %}


{% macro hexadecimal(digits) -%}
    cast('0x' || {{ digits }} as bigint)
{%- endmacro %}


{% macro sha256_hex(text) -%}
    sha256({{ text }})
{%- endmacro %}
