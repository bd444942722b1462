{% macro doc_keyed(relation) -%}
    {{ keyed(relation, "doc_id", ["logical_key_id", sql_text(run_id()), "row_key"]) }}
{%- endmacro %}
