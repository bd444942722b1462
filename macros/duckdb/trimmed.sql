{% macro trimmed(text) -%}
    trim(both chr(32) || chr(9) || chr(13) || chr(10) from {{ text }})
{%- endmacro %}


{% macro trimmed_text(text) -%}
    regexp_replace(regexp_replace({{ text }}, '^[ \t\r\n]+', ''), '[ \t\r\n]+$', '')
{%- endmacro %}


{% macro filled(column) -%}
    nullif({{ trimmed(column) }}, '')
{%- endmacro %}


{% macro first_filled(columns) -%}
    coalesce(
        {%- for column in columns %}
            {{- filled(column) }}{{ ", " if not loop.last }}
        {%- endfor %})
{%- endmacro %}


{% macro untrimmed(column) -%}
    case when {{ filled(column) }} is not null then {{ column }} end
{%- endmacro %}
