-- The pairs of template and model without a document, out of report_coverage.sql.
select stage, template_id, model_id, bad_rows
from (
{coverage}
)
where documents = 0
