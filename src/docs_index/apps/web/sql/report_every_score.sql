-- One row per judgement with a score. Its bar is drawn on a scale from 0 to the highest
-- score of its template; a score that a parser found is one of at most 9. `chart` is
-- where the template's scores are counted: with those from 0 to 9 (`whole`), with those
-- from 0 to 1 (`tenths`), or nowhere, as another scale has other classes (`none`).
with scored as (
    select
        doc_id,
        template_id,
        model_id,
        score,
        max(case when parser = 'in_last_line' then 9.0 else score end) over (
            partition by template_id
        ) as scale,
        min(score) over (partition by template_id) as lowest,
        max(score) over (partition by template_id) as highest
    from documents
    where score is not null
)

select
    doc_id,
    template_id,
    model_id,
    score,
    scale,
    case
        when lowest < 0 or highest >= 10 then 'none'
        when scale <= 1 then 'tenths'
        else 'whole'
    end as chart
from scored
