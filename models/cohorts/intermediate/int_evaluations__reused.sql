-- One row per existing evaluation that is a member of the cohort.
with ranked as (select * from {{ ref("int_evaluations__ranked") }}),

replicates as (
    select min(replicates) as replicates
    from {{ ref("stg_cohorts__replicates") }}
    where stage = 'evaluation'
),

final as (
    select
        ranked.essay_order,
        ranked.template_order,
        ranked.model_order,
        ranked.gen_id,
        ranked.replicate,
        ranked.replicate_number,
        ranked.is_own,
        ranked.is_done
    from ranked
    cross join replicates
    where ranked.rank <= replicates.replicates
)

select * from final
