{#- The pattern must be a literal. For Java, `$` is before a line break too. -#}
{% macro spark__matches(text, pattern) -%}
    {{ text }} rlike {{ sql_text("^(?:" ~ pattern[1:-1] ~ ")\\z") }}
{%- endmacro %}


{% macro spark__begins_with(text, beginning) -%}
    startswith({{ text }}, {{ beginning }})
{%- endmacro %}
