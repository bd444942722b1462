-- One row per source row of the four results tables, with its instant.
{{ config(materialized="replaced_view") }}
with
{%- for entities in ["drafts", "links", "essays", "evaluations"] %}
{{ entities }} as (select * from {{ ref("stg_cross_experiment__" ~ entities) }}),
{% endfor %}
source_rows as (
    {%- for entities in ["drafts", "links", "essays", "evaluations"] %}
    select
        source_csv,
        row_index,
        row_place,
        task_id,
        combo_id,
        template_id,
        model_id,
        status,
        timestamp_text,
        response_file,
        essay_task_id,
        generation_task_id
    from {{ entities }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

final as (
    select
        source_csv,
        row_index,
        row_place,
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
