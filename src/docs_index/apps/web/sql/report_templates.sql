-- One row per stage and template.
select
    stage,
    template_id,
    count(*) as documents,
    count(distinct model_id) as models
from documents
group by stage, template_id
order by stage asc, documents desc, template_id asc
