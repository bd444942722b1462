-- Makes one row per row of the table of scores: its values trimmed, and its score as a
-- number. A text that is no number, such as 8,5 or 9/10, is kept as it is written.
create temp table score_rows as
with trimmed_rows as (
    select
        row_index,
        trim(parent_gen_id, chr(32) || chr(9) || chr(13) || chr(10)) as essay_id,
        trim(evaluation_template, chr(32) || chr(9) || chr(13) || chr(10))
            as template_id,
        coalesce(
            trim(evaluation_llm_model, chr(32) || chr(9) || chr(13) || chr(10)), ''
        ) as model_id,
        coalesce(trim(score, chr(32) || chr(9) || chr(13) || chr(10)), '') as score_text
    from scores
),

-- Written out, because DuckDB takes 1_000 for a number too.
with_numbers as (
    select
        *,
        case
            when
                regexp_full_match(
                    score_text,
                    '[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?'
                )
                then try_cast(score_text as double)
        end as number
    from trimmed_rows
)

select
    row_index,
    essay_id,
    template_id,
    model_id,
    score_text,
    case when isfinite(number) then number end as score
from with_numbers
