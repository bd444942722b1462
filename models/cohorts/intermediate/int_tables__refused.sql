-- One row per fault of the tables that say what evaluations a cohort has.
with templates as (select * from {{ ref("stg_cohorts__templates") }}),

models as (select * from {{ ref("stg_cohorts__models") }}),

replicates as (select * from {{ ref("stg_cohorts__replicates") }}),

built_in as (select * from {{ ref("parsers") }}),

own as (select * from {{ ref("stg_cohorts__parsers") }}),

own_parsers as (
    {{ judged_parsers("own", "built_in") }}
),

parsers as (
    {{ known_parsers("built_in", "own_parsers") }}
),

chosen_templates as (select * from {{ ref("int_templates__chosen") }}),

named as (
    select
        count(*) filter (where kind = 'templates') > 0 as has_templates,
        count(*) filter (where kind = 'models') > 0 as has_models
    from {{ ref("int_names__listed") }}
),

{% set template_table = "'1_raw/evaluation_templates.csv'" -%}
{% set model_table = "'1_raw/llm_models.csv'" -%}
{% set replicate_table = "'1_raw/replication_config.csv'" -%}

of_templates as (
    select
        2 as kind_order,
        min(row_index) as subject_order,
        {{ template_table }} as subject,
        'lists template "' || template_id || '" ' || count(*) || ' times: keep one'
            as fault
    from templates
    where template_id is not null
    group by template_id
    having count(*) > 1
    union all
    select
        2 as kind_order,
        row_index as subject_order,
        {{ template_table }} as subject,
        'row ' || row_index || ': template "' || coalesce(template_id, '') || '" '
        || {{ no_id_text() }} as fault
    from templates
    where not coalesce({{ is_path_component("template_id") }}, false)
    union all
    select
        2 as kind_order,
        chosen_templates.row_index as subject_order,
        {{ template_table }} as subject,
        'template "' || chosen_templates.template_id || '" names parser "'
        || chosen_templates.parser
        || '", which is not known: name a built-in parser or one of 1_raw/parsers.csv'
            as fault
    from chosen_templates
    left join parsers on chosen_templates.parser = parsers.parser
    where chosen_templates.parser is not null and parsers.parser is null
    union all
    select
        2 as kind_order,
        0 as subject_order,
        {{ template_table }} as subject,
        'has no active template: set active to true for one' as fault
    from templates
    having
        count(*) filter (where is_active) = 0
        and not (select named.has_templates from named)
),

of_parsers as (
    select
        2 as kind_order,
        row_index as subject_order,
        '1_raw/parsers.csv' as subject,
        {{ parser_fault_line() }} as fault
    from own_parsers
    where fault is not null
),

of_models as (
    select
        3 as kind_order,
        min(row_index) as subject_order,
        {{ model_table }} as subject,
        'lists model "' || llm_model_id || '" ' || count(*) || ' times: keep one'
            as fault
    from models
    where llm_model_id is not null
    group by llm_model_id
    having count(*) > 1
    union all
    select
        3 as kind_order,
        row_index as subject_order,
        {{ model_table }} as subject,
        'row ' || row_index || ': has no id' as fault
    from models
    where llm_model_id is null
    union all
    select
        3 as kind_order,
        0 as subject_order,
        {{ model_table }} as subject,
        'has no model for evaluation: set for_evaluation to true for one' as fault
    from models
    having
        count(*) filter (where is_for_evaluation) = 0
        and not (select named.has_models from named)
),

of_replicates as (
    select
        4 as kind_order,
        min(row_index) as subject_order,
        {{ replicate_table }} as subject,
        'lists stage "' || stage || '" ' || count(*) || ' times: keep one' as fault
    from replicates
    where stage is not null
    group by stage
    having count(*) > 1
    union all
    select
        4 as kind_order,
        row_index as subject_order,
        {{ replicate_table }} as subject,
        'replicates of evaluation is "' || coalesce(replicates_text, '')
        || '": it must be an integer from 1 to 10000' as fault
    from replicates
    where stage = 'evaluation' and replicates is null
    union all
    select
        4 as kind_order,
        0 as subject_order,
        {{ replicate_table }} as subject,
        'has no row for stage evaluation: add one' as fault
    from replicates
    having count(*) filter (where stage = 'evaluation') = 0
),

final as (
    {%- for subjects in ["of_templates", "of_parsers", "of_models", "of_replicates"] %}
    select
        kind_order,
        subject_order,
        subject,
        fault
    from {{ subjects }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select * from final
