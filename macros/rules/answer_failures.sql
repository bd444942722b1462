{#-
    The words of `failure` in raw_metadata.json, those of seeds/scores/score_errors.csv
    that are failures; tests/test_scores.py compares them.
-#}
{% macro answer_failures() -%}
    {{ return(["truncated", "filtered", "refused", "no_text", "unreadable"]) }}
{%- endmacro %}
