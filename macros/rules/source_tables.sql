{#-
    The four results tables, in the order in which their documents are written: parents
    before their descendants. Jinja cannot read a seed while dbt compiles, so this list
    repeats seeds/sources.csv; tests/test_vocabulary.py compares them.
-#}
{% macro source_tables() %}
    {% do return([
        {"source_csv": "draft", "stage": "draft", "name": "draft_generation_results"},
        {"source_csv": "link", "stage": "draft", "name": "link_generation_results"},
        {"source_csv": "essay", "stage": "essay", "name": "essay_generation_results"},
        {"source_csv": "evaluation", "stage": "evaluation", "name": "evaluation_results"},
    ]) %}
{% endmacro %}


{% macro sources_of(stage) -%}
    {%- for table in source_tables() if table.stage == stage -%}
        '{{ table.source_csv }}'{{ ", " if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro source_order(source_csv="source_csv") -%}
    case {{ source_csv }}
        {%- for table in source_tables() %}
        when '{{ table.source_csv }}' then {{ loop.index }}
        {%- endfor %}
        else 5
    end
{%- endmacro %}
