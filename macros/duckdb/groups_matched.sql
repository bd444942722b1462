{% macro groups_matched(pattern, group, text="''") -%}
    regexp_extract_all({{ text }}, {{ pattern }}, {{ group }})
{%- endmacro %}


{% macro succeeds(expression) -%}
    try({{ expression }}) is not null
{%- endmacro %}


{% macro quoted(text) -%}
    '''' || replace({{ text }}, '''', '''''') || ''''
{%- endmacro %}


{#- Few texts have a no-break space, and to look for one is quicker than to replace. -#}
{% macro with_plain_blanks(text) -%}
    case
        when contains({{ text }}, chr(160)) then replace({{ text }}, chr(160), ' ')
        else {{ text }}
    end
{%- endmacro %}
