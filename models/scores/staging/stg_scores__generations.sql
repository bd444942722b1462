-- One row per directory of the generation store, with the score of an evaluation.
with source_rows as (select * from {{ source('score_inputs', 'generations') }}),

scored as (
    select
        *,
        {{ parsed_score('parsed_text') }} as score
    from source_rows
),

final as (
    select
        stage,
        gen_id,
        problem,
        {{ first_filled(['template_id', 'stage_template']) }} as template_id,
        {{ filled('llm_model_id') }} as llm_model_id,
        {{ filled('parent_gen_id') }} as parent_gen_id,
        {{ filled('combo_id') }} as combo_id,
        {{ filled('origin_cohort_id') }} as origin_cohort_id,
        coalesce(has_parsed, false) as has_parsed,
        score,
        case
            when stage = 'evaluation' and problem is null
                then {{ parsed_score_error('score') }}
        end as score_error
    from scored
)

select * from final
