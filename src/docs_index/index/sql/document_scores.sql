-- The scores of documents by stage and template: different templates have different
-- scales. Sums of doubles depend on the order of the rows, beyond the digits of a mean.
select
    stage,
    template_id,
    count(score) as scores,
    round(avg(score), 9) as mean,
    min(score) as least,
    max(score) as most
from documents
where score is not null
group by stage, template_id
order by stage, template_id
