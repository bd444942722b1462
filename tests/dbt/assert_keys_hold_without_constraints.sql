-- Keys and columns that are never null: DuckDB enforces both as constraints, and tables
-- of Parquet files have none. Returns what a constraint would have refused.
-- depends_on: {{ ref("documents") }}
-- depends_on: {{ ref("document_files") }}
-- depends_on: {{ ref("document_links") }}
-- depends_on: {{ ref("bad_generations") }}
-- depends_on: {{ ref("link_candidates") }}
-- depends_on: {{ ref("backfill_counters") }}
{{ config(enabled=target.type == "spark") }}
with
{%- for node in (graph.nodes.values() if execute else [])
    if node.resource_type == "model" and node.config.contract.enforced %}
{%- for constraint in node.constraints if constraint.type == "primary_key" %}
key_of_{{ node.name }} as (
    select
        '{{ node.name }}' as model_name,
        '{{ constraint.columns | join(", ") }}' as column_names,
        count(*) as occurrences
    from {{ node.relation_name }}
    group by {{ constraint.columns | join(", ") }}
    having count(*) > 1
),
{% endfor %}
{%- endfor %}
final as (
    {%- for node in (graph.nodes.values() if execute else [])
        if node.resource_type == "model" and node.config.contract.enforced %}
    {%- for constraint in node.constraints if constraint.type == "primary_key" %}
    select * from key_of_{{ node.name }}
    union all
    {%- endfor %}
    {%- for column in node.columns.values() %}
    {%- for constraint in column.constraints if constraint.type == "not_null" %}
    select
        '{{ node.name }}' as model_name,
        '{{ column.name }}' as column_names,
        count(*) as occurrences
    from {{ node.relation_name }}
    where {{ column.name }} is null
    having count(*) > 0
    union all
    {%- endfor %}
    {%- endfor %}
    {%- endfor %}
    select
        cast(null as string) as model_name,
        cast(null as string) as column_names,
        cast(null as bigint) as occurrences
    where false
)

select * from final
