{#-
    Whether an id can name a folder or file: it has letters, digits, `.`, `_` and `-`,
    and does not begin with a dot. src/docs_index/warehouse/cohort_ids.py has the same
    rule for names of cohorts.
-#}
{% macro is_path_component(text) -%}
    {{ matches(text, "'[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}'") }}
{%- endmacro %}


{% macro no_id_text() -%}
    'is not an id: use letters, digits, ., _ and -, and no dot first'
{%- endmacro %}
