{% macro matches(text, pattern) -%}
    regexp_full_match({{ text }}, {{ pattern }})
{%- endmacro %}


{% macro has_match(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}
