-- One row per judgement with a score. Its bar is drawn on a scale from 0 to the highest
-- score of its template; a score that a parser found is one of at most 9.
select
    doc_id,
    template_id,
    model_id,
    score,
    max(case when parser = 'in_last_line' then 9.0 else score end) over (
        partition by template_id
    ) as scale
from documents
where score is not null
