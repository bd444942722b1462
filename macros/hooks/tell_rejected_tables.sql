{#-
    Say after a build which tables are rejected as a whole, one line each: a summary
    says it too, but only a run prints one.
-#}
{% macro tell_rejected_tables(results) %}
    {% if execute and flags.WHICH == "build" %}
        {% for result in results
            if result.node.name == "rejected_tables" and result.status == "success" %}
            {% set query %}
                select words from {{ result.node.relation_name }} order by write_order
            {% endset %}
            {% for row in run_query(query).rows %}
                {% do log("! " ~ row["words"], info=true) %}
            {% endfor %}
        {% endfor %}
    {% endif %}
{% endmacro %}
