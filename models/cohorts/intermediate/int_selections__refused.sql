-- One row per fault of the selection file itself.
with lines as (select * from {{ ref("stg_cohorts__selection_lines") }}),

{% set selection = "'2_tasks/selected_essays.txt'" -%}
{% set mode =
    '"# mode: evaluation-only" (or evaluations-only, reuse-essays, reuse_essays)'
-%}
{% set include =
    '"# include-existing-evaluations" (or backfill-mode, fill-up, fillup, '
    ~ 'skip-existing-evaluations)'
-%}
{% set modes = "'write " ~ mode ~ "'" -%}
{% set restrict = '"# templates: a, b", "# models: x, y"' -%}
{% set directives =
    "'write " ~ include ~ ", " ~ restrict ~ " or " ~ mode ~ "'"
-%}

final as (
    select
        1 as kind_order,
        line_number as subject_order,
        {{ selection }} as subject,
        'line ' || line_number || ': ' || case kind
            when 'misspelt'
                then '"' || line_text || '" is not a directive: ' || {{ directives }}
            else '"' || line_text || '" is not an accepted mode: ' || {{ modes }}
        end as fault
    from lines
    where kind in ('misspelt', 'unknown mode')
    union all
    select
        1 as kind_order,
        0 as subject_order,
        {{ selection }} as subject,
        'names no mode: ' || {{ modes }} as fault
    from lines
    having count(*) filter (where kind in ('mode', 'unknown mode')) = 0
    union all
    select
        1 as kind_order,
        0 as subject_order,
        {{ selection }} as subject,
        'lists no essay: write one gen_id a line' as fault
    from lines
    having count(*) filter (where kind = 'essay') = 0
)

select * from final
