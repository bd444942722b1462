-- Counts and sizes of documents: one row for all (`total`), and one per group of each
-- part. A column that a part does not group by is null.
with cells as (
    select
        stage,
        template_id,
        model_id,
        substr(created_at, 1, 7) as month,
        run_id,
        count(*) as documents,
        sum(status != 'ok') as parse_errors,
        sum(raw_bytes) as raw_bytes,
        sum(raw_chars) as raw_chars,
        sum(parsed_chars) as parsed_chars
    from documents
    group by stage, template_id, model_id, substr(created_at, 1, 7), run_id
),

parts (part, has_stage, has_template, has_model, has_month, has_run) as (
    values
    ('by_stage', true, false, false, false, false),
    ('by_template', true, true, false, false, false),
    ('by_model', true, false, true, false, false),
    ('by_month', false, false, false, true, false),
    ('by_run_id', false, false, false, false, true)
),

labelled as (
    select
        parts.part,
        case when parts.has_stage then cells.stage end as stage,
        case when parts.has_template then cells.template_id end as template_id,
        case when parts.has_model then cells.model_id end as model_id,
        case when parts.has_month then cells.month end as month,
        case when parts.has_run then cells.run_id end as run_id,
        cells.documents,
        cells.parse_errors,
        cells.raw_bytes,
        cells.raw_chars,
        cells.parsed_chars
    from parts
    cross join cells
)

select
    'total' as part,
    null as stage,
    null as template_id,
    null as model_id,
    null as month,
    null as run_id,
    coalesce(sum(documents), 0) as documents,
    coalesce(sum(parse_errors), 0) as parse_errors,
    coalesce(sum(raw_bytes), 0) as raw_bytes,
    coalesce(sum(raw_chars), 0) as raw_chars,
    coalesce(sum(parsed_chars), 0) as parsed_chars
from cells
union all
select
    part,
    stage,
    template_id,
    model_id,
    month,
    run_id,
    sum(documents) as documents,
    coalesce(sum(parse_errors), 0) as parse_errors,
    coalesce(sum(raw_bytes), 0) as raw_bytes,
    coalesce(sum(raw_chars), 0) as raw_chars,
    coalesce(sum(parsed_chars), 0) as parsed_chars
from labelled
group by part, stage, template_id, model_id, month, run_id
order by part, stage, template_id, model_id, month, run_id
