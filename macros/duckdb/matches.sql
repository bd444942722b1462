{#- Whether all of a text matches a pattern of RE2. -#}
{% macro matches(text, pattern) -%}
    regexp_full_match({{ text }}, {{ pattern }})
{%- endmacro %}


{#- Whether a part of a text matches a pattern of RE2. -#}
{% macro has_match(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}
