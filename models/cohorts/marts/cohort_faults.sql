-- One row per thing that has to be mended before the cohort can be built.
with lines as (select * from {{ ref("stg_cohorts__selection_lines") }}),

essays as (select * from {{ ref("int_essays__chosen") }}),

templates as (select * from {{ ref("stg_cohorts__templates") }}),

models as (select * from {{ ref("stg_cohorts__models") }}),

replicates as (select * from {{ ref("stg_cohorts__replicates") }}),

parsers as (select * from {{ ref("parsers") }}),

reused as (select * from {{ ref("int_evaluations__reused") }}),

{% set selection = "'2_tasks/selected_essays.txt'" -%}
{% set template_table = "'1_raw/evaluation_templates.csv'" -%}
{% set model_table = "'1_raw/llm_models.csv'" -%}
{% set replicate_table = "'1_raw/replication_config.csv'" -%}
{% set bad_id = "'is no id: use letters, digits, ., _ and -, and no dot first'" -%}
{% set modes = "'write \"# mode: evaluation-only\" (or evaluations-only, reuse-essays, reuse_essays)'" -%}
{% set directives = "'write \"# include-existing-evaluations\" (or backfill-mode, fill-up, fillup, skip-existing-evaluations) or \"# mode: evaluation-only\" (or evaluations-only, reuse-essays, reuse_essays)'" -%}

of_lines as (
    select
        1 as kind_place,
        line_number as place,
        {{ selection }} as subject,
        'line ' || line_number || ': ' || case kind
            when 'misspelt'
                then '"' || line || '" is no directive: ' || {{ directives }}
            else '"' || line || '" is not an accepted mode: ' || {{ modes }}
        end as fault
    from lines
    where kind in ('misspelt', 'unknown mode')
    union all
    select
        1 as kind_place,
        0 as place,
        {{ selection }} as subject,
        'names no mode: ' || {{ modes }} as fault
    from lines
    having count(*) filter (where kind in ('mode', 'unknown mode')) = 0
    union all
    select
        1 as kind_place,
        0 as place,
        {{ selection }} as subject,
        'lists no essay: write one gen_id a line' as fault
    from lines
    having count(*) filter (where kind = 'essay') = 0
),

of_templates as (
    select
        2 as kind_place,
        min(row_index) as place,
        {{ template_table }} as subject,
        'lists template "' || template_id || '" ' || count(*) || ' times: keep one'
            as fault
    from templates
    where template_id is not null
    group by template_id
    having count(*) > 1
    union all
    select
        2 as kind_place,
        row_index as place,
        {{ template_table }} as subject,
        'row ' || row_index || ': template "' || coalesce(template_id, '') || '" '
        || {{ bad_id }} as fault
    from templates
    where not coalesce({{ is_path_component("template_id") }}, false)
    union all
    select
        2 as kind_place,
        templates.row_index as place,
        {{ template_table }} as subject,
        'template "' || templates.template_id || '" names parser "'
        || templates.parser || '", which is not known: name one of seeds/parsers.csv'
            as fault
    from templates
    left join parsers on templates.parser = parsers.parser
    where
        templates.is_active
        and templates.parser is not null
        and parsers.parser is null
    union all
    select
        2 as kind_place,
        0 as place,
        {{ template_table }} as subject,
        'has no active template: set active to true for one' as fault
    from templates
    having count(*) filter (where is_active) = 0
),

of_models as (
    select
        3 as kind_place,
        min(row_index) as place,
        {{ model_table }} as subject,
        'lists model "' || llm_model_id || '" ' || count(*) || ' times: keep one'
            as fault
    from models
    where llm_model_id is not null
    group by llm_model_id
    having count(*) > 1
    union all
    select
        3 as kind_place,
        row_index as place,
        {{ model_table }} as subject,
        'row ' || row_index || ': has no id' as fault
    from models
    where llm_model_id is null
    union all
    select
        3 as kind_place,
        0 as place,
        {{ model_table }} as subject,
        'has no model for evaluation: set for_evaluation to true for one' as fault
    from models
    having count(*) filter (where is_for_evaluation) = 0
),

of_replicates as (
    select
        4 as kind_place,
        min(row_index) as place,
        {{ replicate_table }} as subject,
        'lists stage "' || stage || '" ' || count(*) || ' times: keep one' as fault
    from replicates
    where stage is not null
    group by stage
    having count(*) > 1
    union all
    select
        4 as kind_place,
        row_index as place,
        {{ replicate_table }} as subject,
        'replicates of evaluation is "' || coalesce(replicates_text, '')
        || '": it must be an integer of at least 1' as fault
    from replicates
    where stage = 'evaluation' and replicates is null
    union all
    select
        4 as kind_place,
        0 as place,
        {{ replicate_table }} as subject,
        'has no row for stage evaluation: add one' as fault
    from replicates
    having count(*) filter (where stage = 'evaluation') = 0
),

-- Each line of the list is a question to every essay; null is a good answer.
of_essays as (
    select
        5 as kind_place,
        essay_place as place,
        essay_id as subject,
        unnest(list_filter([
            case
                when not {{ is_path_component("essay_id") }} then {{ bad_id }}
                when essay_problem is not null
                    then 'gens/essay/' || essay_id || ' ' || essay_problem
            end,
            case
                when essay_problem is null and essay_template_id is null
                    then 'its metadata.json has no template_id'
            end,
            case
                when essay_problem is null and draft_id is null
                    then 'its metadata.json has no parent_gen_id'
            end,
            case
                when not {{ is_path_component("draft_id") }}
                    then 'its draft "' || draft_id || '" ' || {{ bad_id }}
                when draft_problem is not null
                    then 'its draft gens/draft/' || draft_id || ' ' || draft_problem
            end,
            case
                when draft_id is not null and draft_problem is null and combo_id is null
                    then 'its draft ' || draft_id || ' has no combo_id'
            end,
            case
                when
                    draft_id is not null
                    and draft_problem is null
                    and draft_template_id is null
                    then 'its draft ' || draft_id || ' has no template_id'
            end,
            case
                when
                    essay_problem is null
                    and draft_problem is null
                    and essay_llm_model_id is null
                    then 'neither it nor its draft has an llm_model_id'
            end
        ], lambda fault: fault is not null)) as fault
    from essays
),

of_evaluations as (
    select
        6 as kind_place,
        row_number() over (order by gen_id) as place,
        gen_id as subject,
        'this evaluation cannot be a member, its name ' || {{ bad_id }} as fault
    from reused
    where not {{ is_path_component("gen_id") }}
),

faults as (
    select * from of_lines
    union all
    select * from of_templates
    union all
    select * from of_models
    union all
    select * from of_replicates
    union all
    select * from of_essays
    union all
    select * from of_evaluations
),

final as (
    select
        row_number() over (order by kind_place, place, subject, fault) as place,
        subject,
        fault
    from faults
)

select * from final
