-- One row per row of the templates table that the cohort evaluates with.
with templates as (select * from {{ ref("stg_cohorts__templates") }}),

named as (
    select * from {{ ref("int_names__listed") }}
    where kind = 'templates'
),

-- A row without an id is a fault: it is reported, and must not stop the models.
final as (
    select
        row_index,
        template_id,
        parser
    from templates
    where
        template_id is not null
        and case
            when (select count(*) from named) = 0 then is_active
            else template_id in (select named.listed_name from named)
        end
)

select * from final
