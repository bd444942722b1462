-- One row per source row of the four results tables, with its instant.
{{ config(materialized="view") }}
with
{%- for entities in ["drafts", "links", "essays", "evaluations"] %}
{{ entities }} as (select * from {{ ref("stg_cross_experiment__" ~ entities) }}),
{% endfor %}
source_rows as (
    select * from drafts
    union all
    select * from links
    union all
    select * from essays
    union all
    select * from evaluations
),

final as (
    select
        source_csv,
        row_index,
        task_id,
        combo_id,
        template_id,
        model_id,
        status,
        timestamp_text,
        response_file,
        essay_task_id,
        generation_task_id,
        {{ instant("timestamp_text") }} as occurred_at
    from source_rows
)

select * from final
