-- The scores of documents by stage and template: different templates have different
-- scales.
select
    stage,
    template_id,
    count(score) as scores,
    avg(score) as mean,
    min(score) as least,
    max(score) as most
from documents
where score is not null
group by stage, template_id
order by stage, template_id
