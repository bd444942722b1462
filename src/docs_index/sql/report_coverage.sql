-- One row per stage, template and model, where that stage has the template with some
-- model, and the model with some template. A row without documents is a gap.
with rows_seen as (
    select stage, template_id, model_id, 1 as documents, 0 as bad_rows
    from documents
    union all
    select
        case source_csv when 'link' then 'draft' else source_csv end as stage,
        template_id,
        model_id,
        0 as documents,
        1 as bad_rows
    from bad_generations
    where template_id is not null and model_id is not null
),

cells as (
    select templates.stage, templates.template_id, models.model_id
    from (select distinct stage, template_id from rows_seen) as templates
    inner join (select distinct stage, model_id from rows_seen) as models
        on models.stage = templates.stage
)

select
    cells.stage,
    cells.template_id,
    cells.model_id,
    coalesce(sum(rows_seen.documents), 0) as documents,
    coalesce(sum(rows_seen.bad_rows), 0) as bad_rows
from cells
left join rows_seen
    on rows_seen.stage = cells.stage
    and rows_seen.template_id = cells.template_id
    and rows_seen.model_id = cells.model_id
group by cells.stage, cells.template_id, cells.model_id
order by cells.stage, cells.template_id, cells.model_id
