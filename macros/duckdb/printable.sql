{% macro printable(text, width=100) -%}
    left(regexp_replace({{ text }}, '[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]', '?', 'g'), {{ width }})
{%- endmacro %}
