-- The pairs of template and model without a document that parsed.
select
    stage,
    template_id,
    model_id,
    parse_errors,
    bad_rows
from coverage
where is_gap
order by stage, template_id, model_id
