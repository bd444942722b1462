{% macro spark__printable(text, width=100) -%}
    left(
        regexp_replace({{ text }}, {{ sql_text("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]") }}, '?'),
        {{ width }}
    )
{%- endmacro %}


{% macro spark__without_nul(text) -%}
    replace({{ text }}, chr(0), '\u2400')
{%- endmacro %}


{% macro spark__utf8_bytes(text) -%}
    encode({{ text }}, 'utf-8')
{%- endmacro %}
