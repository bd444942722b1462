{#-
    The folder, under the data root, that response paths are relative to, but for those
    of evaluations. Python has it in layout.py; tests/test_vocabulary.py compares them.
-#}
{% macro responses_folder() -%}
    {{ return("3_generation") }}
{%- endmacro %}
