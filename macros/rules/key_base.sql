{#-
    The part of a logical key that says what a document was made from: the doc_ids of
    its targets, its parent, or its combo.
-#}
{% macro key_base() -%}
    coalesce(
        array_to_string(from_json(targets, '["VARCHAR"]'), '|'),
        parent_doc_id,
        combo_id
    )
{%- endmacro %}
