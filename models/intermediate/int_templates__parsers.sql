-- One row per source and template that names a parser; the last such row counts.
with
{%- for name in ["draft", "link", "essay", "evaluation"] %}
{{ name }}_templates as (select * from {{ ref("stg_raw__" ~ name ~ "_templates") }}),
{% endfor %}
templates as (
    select * from draft_templates
    union all
    select * from link_templates
    union all
    select * from essay_templates
    union all
    select * from evaluation_templates
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_csv, template_id
            order by row_index desc
        ) as place_from_last
    from templates
),

final as (
    select
        source_csv,
        template_id,
        parser
    from ranked
    where place_from_last = 1
)

select * from final
