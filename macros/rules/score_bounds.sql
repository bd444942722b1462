{#-
    The lowest and the highest score of the parser in_last_line, as in
    seeds/parsers.csv; tests/test_vocabulary.py compares them.
-#}
{% macro score_bounds() -%}
    {{ return([0, 9]) }}
{%- endmacro %}
