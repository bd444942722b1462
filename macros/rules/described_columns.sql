{#-
    The columns of the index's tables, with the descriptions of the YAML on one line.
    While dbt parses there is no graph, and the list is empty.
-#}
{% macro described_columns() %}
    {% set columns = [] %}
    {% set nodes = [] %}
    {% for node in (graph.nodes.values() if execute else [])
        if node.resource_type == "model" %}
        {% do nodes.append(node) %}
    {% endfor %}
    {#- The tables of the index that no model makes. #}
    {% for node in (graph.sources.values() if execute else [])
        if node.source_name == "stored"
        and node.name in (
            "backfill_conflicts", "backfill_notices", "list_checksums", "run_record",
            "storage"
        ) %}
        {% do nodes.append(node) %}
    {% endfor %}
    {% for table in [
        "documents", "document_links", "bad_generations", "link_candidates",
        "backfill_counters", "backfill_conflicts", "backfill_notices",
        "column_descriptions", "list_checksums", "run_record",
        "storage",
    ] %}
        {% for node in nodes if node.name == table %}
            {% for column in node.columns.values()
                if column.meta.get("is_in_index", true) %}
                {% do columns.append({
                    "table_name": table,
                    "position": loop.index,
                    "name": column.name,
                    "description": column.description.split() | join(" "),
                }) %}
            {% endfor %}
        {% endfor %}
    {% endfor %}
    {% do return(columns) %}
{% endmacro %}
