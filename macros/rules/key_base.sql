{#-
    The part of a logical key that says what a document was made from: the doc_ids of
    its targets, its parent, or its combo.
-#}
{% macro key_base() -%}
    coalesce(
        {{ joined_list(json_list("targets"), "'|'") }},
        parent_doc_id,
        combo_id
    )
{%- endmacro %}
