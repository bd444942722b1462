-- One row per thing that has to be mended before the cohort can be built.
with faults as (
    select * from {{ ref("int_selections__refused") }}
    union all
    select * from {{ ref("int_tables__refused") }}
    union all
    select * from {{ ref("int_essays__refused") }}
),

final as (
    select
        row_number() over (order by kind_place, place, subject, fault) as place,
        subject,
        fault
    from faults
)

select * from final
