-- One row per source and template that names a parser; the last such row counts.
with
{%- for table in source_tables() %}
{{ table.source_csv }}_templates as (
    select * from {{ ref("stg_raw__" ~ table.source_csv ~ "_templates") }}
),
{% endfor %}
templates as (
    {%- for table in source_tables() %}
    select
        source_csv,
        row_index,
        template_id,
        parser
    from {{ table.source_csv }}_templates
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_csv, template_id
            order by row_index desc
        ) as rank
    from templates
),

final as (
    select
        source_csv,
        template_id,
        parser
    from ranked
    where rank = 1
)

select * from final
