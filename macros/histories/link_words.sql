{#- What a link names, as words: an id, or a task and a model. -#}
{% macro link_words() -%}
    coalesce(
        'id "' || {{ printable("asked.linked_id") }} || '"',
        'task "' || {{ printable("asked.linked_task") }} || '" and model "'
        || {{ printable("asked.linked_model") }} || '"'
    )
{%- endmacro %}
