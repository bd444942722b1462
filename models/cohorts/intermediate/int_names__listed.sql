-- One row per template or model that a line of the selection file names.
with lines as (select * from {{ ref("stg_cohorts__selection_lines") }}),

split_lines as (
    select
        line_number,
        kind,
        unnest(string_split(names_text, ',')) as listed_name
    from lines
    where kind in ('templates', 'models')
),

final as (
    select distinct
        line_number,
        kind,
        {{ trimmed("listed_name") }} as listed_name
    from split_lines
)

select * from final
