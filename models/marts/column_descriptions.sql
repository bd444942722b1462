-- One row per column of the tables in the index, in the order of each table.
-- The descriptions are those of the YAML; dbt's `graph` has them while the model runs.
-- depends_on: {{ ref("documents") }}
-- depends_on: {{ ref("document_links") }}
-- depends_on: {{ ref("bad_generations") }}
-- depends_on: {{ ref("link_candidates") }}
-- depends_on: {{ ref("backfill_counters") }}
with described as (
    {%- for column in described_columns() %}
    select
        {{ sql_text(column.table_name) }} as table_name,
        cast({{ column.position }} as bigint) as position,
        {{ sql_text(column.name) }} as column_name,
        {{ sql_text(column.description) }} as description
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

final as (
    select
        table_name,
        position,
        column_name,
        description
    from described
)

select * from final
