{#- A number of up to 63 bits in base 36, digits 0-9a-z, padded with 0 to a width. -#}
{% macro base36_text(number, width=1) -%}
    lower(to_base({{ number }}, 36, {{ width }}))
{%- endmacro %}


{#- A text of up to 15 hexadecimal digits as a number. -#}
{% macro hexadecimal(digits) -%}
    cast('0x' || {{ digits }} as bigint)
{%- endmacro %}


{#- SHA-256 of a text's UTF-8 bytes, lower-case hexadecimal. -#}
{% macro sha256_hex(text) -%}
    sha256({{ text }})
{%- endmacro %}
