{#- The lists of the index: the tables that each run replaces. -#}
{% macro index_lists() %}
    {% do return([
        "bad_generations", "link_candidates", "backfill_conflicts",
        "backfill_notices", "backfill_counters", "column_descriptions",
    ]) %}
{% endmacro %}
