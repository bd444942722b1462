{#- The four results tables, with the name of their source. -#}
{% macro source_tables() %}
    {% do return([
        {"source_csv": "draft", "name": "draft_generation_results"},
        {"source_csv": "link", "name": "link_generation_results"},
        {"source_csv": "essay", "name": "essay_generation_results"},
        {"source_csv": "evaluation", "name": "evaluation_results"},
    ]) %}
{% endmacro %}
