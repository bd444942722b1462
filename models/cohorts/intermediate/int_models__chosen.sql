-- One row per row of the models table that the cohort evaluates with.
with models as (select * from {{ ref("stg_cohorts__models") }}),

named as (
    select * from {{ ref("int_names__listed") }}
    where kind = 'models'
),

-- A row without an id is a fault: it is reported, and must not stop the models.
final as (
    select
        row_index,
        llm_model_id
    from models
    where
        llm_model_id is not null
        and case
            when (select count(*) from named) = 0 then is_for_evaluation
            else llm_model_id in (select named.listed_name from named)
        end
)

select * from final
