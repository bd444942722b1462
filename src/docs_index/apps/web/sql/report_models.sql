-- One row per model and stage, with its documents: the models with the most first.
with models as (
    select
        model_id,
        count(*) as documents
    from documents
    group by model_id
),

counted as (
    select
        model_id,
        stage,
        count(*) as documents
    from documents
    group by model_id, stage
)

select
    models.model_id as label,
    shown_stages.stage as part,
    coalesce(counted.documents, 0) as documents
from models
cross join shown_stages
left join counted
    on
        models.model_id = counted.model_id
        and shown_stages.stage = counted.stage
order by models.documents desc, models.model_id asc, shown_stages.position asc
