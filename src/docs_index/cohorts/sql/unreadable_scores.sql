-- One row per row of the table whose score is not blank and is no number.
select
    row_index,
    score_text,
    coalesce(essay_id, '') as essay_id,
    coalesce(template_id, '') as template_id,
    model_id
from score_rows
where score_text != '' and score is null
order by row_index
