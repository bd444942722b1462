{#- Java 17 does not know the format signs that Unicode has had since: nine of them. -#}
{% macro spark__printable(text, width=100) -%}
    {%- set since = "\\x{890}\\x{891}\\x{13439}-\\x{1343f}" -%}
    {%- set pattern = "[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}" ~ since ~ "]" -%}
    left(regexp_replace({{ text }}, {{ sql_text(pattern) }}, '?'), {{ width }})
{%- endmacro %}


{% macro spark__without_nul(text) -%}
    replace({{ text }}, chr(0), '\u2400')
{%- endmacro %}


{% macro spark__utf8_bytes(text) -%}
    encode({{ text }}, 'utf-8')
{%- endmacro %}
