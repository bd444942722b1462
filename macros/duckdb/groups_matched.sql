{% macro groups_matched(pattern, group, text="''") -%}
    regexp_extract_all({{ text }}, {{ pattern }}, {{ group }})
{%- endmacro %}


{% macro succeeds(expression) -%}
    try({{ expression }}) is not null
{%- endmacro %}


{% macro quoted(text) -%}
    '''' || replace({{ text }}, '''', '''''') || ''''
{%- endmacro %}


{% macro with_plain_blanks(text) -%}
    replace({{ text }}, chr(160), ' ')
{%- endmacro %}
