{% macro base36_text(number, width=1) -%}
    {{ adapter.dispatch("base36_text")(number, width) }}
{%- endmacro %}


{% macro default__base36_text(number, width=1) -%}
    lower(to_base({{ number }}, 36, {{ width }}))
{%- endmacro %}


{% macro hexadecimal(digits) -%}
    {{ adapter.dispatch("hexadecimal")(digits) }}
{%- endmacro %}


{% macro default__hexadecimal(digits) -%}
    cast('0x' || {{ digits }} as bigint)
{%- endmacro %}


{% macro sha256_hex(text) -%}
    {{ adapter.dispatch("sha256_hex")(text) }}
{%- endmacro %}


{% macro default__sha256_hex(text) -%}
    sha256({{ text }})
{%- endmacro %}
