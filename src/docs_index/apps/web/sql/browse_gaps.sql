-- The pairs of template and model without a document that parsed.
with counted as (
    select
        stage,
        template_id,
        model_id,
        count(*) as documents,
        sum(status != 'ok') as parse_errors,
        0 as bad_rows
    from documents
    group by stage, template_id, model_id
    union all
    select
        case source_csv when 'link' then 'draft' else source_csv end as stage,
        template_id,
        model_id,
        0 as documents,
        0 as parse_errors,
        count(*) as bad_rows
    from bad_generations
    where template_id is not null and model_id is not null
    group by
        case source_csv when 'link' then 'draft' else source_csv end,
        template_id,
        model_id
),

templates as (
    select distinct
        stage,
        template_id
    from counted
),

models as (
    select distinct
        stage,
        model_id
    from counted
),

cells as (
    select
        templates.stage,
        templates.template_id,
        models.model_id
    from templates
    inner join models on templates.stage = models.stage
),

totals as (
    select
        cells.stage,
        cells.template_id,
        cells.model_id,
        coalesce(sum(counted.documents), 0) as documents,
        coalesce(sum(counted.parse_errors), 0) as parse_errors,
        coalesce(sum(counted.bad_rows), 0) as bad_rows
    from cells
    left join counted
        on
            cells.stage = counted.stage
            and cells.template_id = counted.template_id
            and cells.model_id = counted.model_id
    group by cells.stage, cells.template_id, cells.model_id
)

select
    stage,
    template_id,
    model_id,
    parse_errors,
    bad_rows
from totals
where documents = parse_errors
order by stage, template_id, model_id
