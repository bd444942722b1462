{% macro printable(text, width=100) -%}
    {{ adapter.dispatch("printable")(text, width) }}
{%- endmacro %}


{% macro default__printable(text, width=100) -%}
    left(regexp_replace({{ text }}, '[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]', '?', 'g'), {{ width }})
{%- endmacro %}


{#- A text in which the sign U+2400 stands for each NUL. -#}
{% macro without_nul(text) -%}
    {{ adapter.dispatch("without_nul")(text) }}
{%- endmacro %}


{% macro default__without_nul(text) -%}
    replace({{ text }}, chr(0), chr(9216))
{%- endmacro %}


{% macro utf8_bytes(text) -%}
    {{ adapter.dispatch("utf8_bytes")(text) }}
{%- endmacro %}


{% macro default__utf8_bytes(text) -%}
    encode({{ text }})
{%- endmacro %}
