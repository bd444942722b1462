{#-
    The rows of a model of histories, with columns of these names and types; on an
    engine none.
-#}
{% macro of_histories(model, columns) -%}
    {{ adapter.dispatch("of_histories")(model, columns) }}
{%- endmacro %}


{% macro default__of_histories(model, columns) -%}
    select * from {{ ref(model) }}
{%- endmacro %}
