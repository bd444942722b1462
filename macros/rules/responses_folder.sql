{#-
    The folder below the data root that response paths are relative to, except those of
    evaluations. Python has it in layout.py; tests/test_vocabulary.py compares them.
-#}
{% macro responses_folder() -%}
    {{ return("3_generation") }}
{%- endmacro %}
