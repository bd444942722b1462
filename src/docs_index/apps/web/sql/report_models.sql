-- One row per model, with its documents of each stage.
select
    model_id,
    count(*) filter (where stage = 'draft') as draft,
    count(*) filter (where stage = 'essay') as essay,
    count(*) filter (where stage = 'evaluation') as evaluation,
    count(*) as documents
from documents
group by model_id
order by documents desc, model_id asc
