-- One row per pair of template and model without a document that parsed, or every pair.
select
    stage,
    template_id,
    model_id,
    documents,
    parse_errors,
    bad_rows
from coverage
where is_gap or :everything
order by stage, template_id, model_id
