{% macro printable(text, width=100) -%}
    left(regexp_replace({{ text }}, '[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]', '?', 'g'), {{ width }})
{%- endmacro %}


{#- A text in which the sign U+2400 stands for each NUL. -#}
{% macro without_nul(text) -%}
    replace({{ text }}, chr(0), chr(9216))
{%- endmacro %}
