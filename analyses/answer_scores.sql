-- One row per evaluation of the table `answers`: its score, or the reason for none.
-- `make sql` renders this into src/docs_index/warehouse/rendered.
-- A command that only reads a cohort runs it: it needs neither dbt nor a build.
with scored as (
    select
        *,
        {{ parsed_score("parsed_text") }} as score
    from answers
),

final as (
    select
        gen_id,
        score,
        {{ parsed_score_error("score") }} as error
    from scored
)

select * from final
