{#-
    The position of a stage, parents before their descendants, as in seeds/stages.csv;
    tests/test_vocabulary.py compares them.
-#}
{% macro stage_order(stage="stage") -%}
    case {{ stage }} when 'draft' then 1 when 'essay' then 2 when 'evaluation' then 3 end
{%- endmacro %}
