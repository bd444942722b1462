-- One row: the cohort that is built.
with requests as (select * from {{ source('cohort_inputs', 'requests') }}),

final as (
    select
        cohort_id,
        prefers_done = 'true' as is_done_preferred
    from requests
)

select * from final
