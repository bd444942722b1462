{#- Without space, tab, CR and LF at both ends; plain trim takes spaces only. -#}
{% macro trimmed(text) -%}
    trim({{ text }}, chr(32) || chr(9) || chr(13) || chr(10))
{%- endmacro %}


{#- The same for long texts: DuckDB's trim walks through all of one to find its end. -#}
{% macro trimmed_text(text) -%}
    regexp_replace(regexp_replace({{ text }}, '^[ \t\r\n]+', ''), '[ \t\r\n]+$', '')
{%- endmacro %}


{#- A trimmed value, null where it is blank. -#}
{% macro filled(column) -%}
    nullif({{ trimmed(column) }}, '')
{%- endmacro %}


{#- Of alternative columns, the first that is not blank in the row. -#}
{% macro first_filled(columns) -%}
    coalesce(
        {%- for column in columns %}
            {{- filled(column) }}{{ ", " if not loop.last }}
        {%- endfor %})
{%- endmacro %}


{#- An id, byte for byte, null where it is blank. -#}
{% macro untrimmed(column) -%}
    case when {{ filled(column) }} is not null then {{ column }} end
{%- endmacro %}
