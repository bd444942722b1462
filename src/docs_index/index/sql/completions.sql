-- The values of a column that begin as typed.
with typed as (
    select distinct
        case :column
            when 'doc_id' then doc_id
            when 'stage' then stage
            when 'task_id' then task_id
            when 'template_id' then template_id
            when 'model_id' then model_id
            when 'run_id' then run_id
        end as value
    from documents
)

select value
from typed
where substr(value, 1, length(:begun)) = :begun
order by value
limit :most
