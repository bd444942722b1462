-- One row per generation of the cohort, in the order of membership.csv.
with requests as (select * from {{ ref("stg_cohorts__requests") }}),

essays as (select * from {{ ref("int_essays__chosen") }}),

evaluations as (select * from {{ ref("int_evaluations__joined") }}),

faults as (select * from {{ ref("cohort_faults") }}),

-- A draft of several essays has the position of the first of them.
drafts as (
    select *
    from essays
    qualify row_number() over (partition by draft_id order by essay_order) = 1
),

members as (
    select
        'draft' as stage,
        essay_order,
        0 as template_order,
        0 as model_order,
        false as is_own,
        cast(null as bigint) as own_number,
        draft_id as gen_id,
        cast(null as string) as parent_gen_id,
        combo_id,
        draft_template_id as template_id,
        draft_llm_model_id as llm_model_id,
        draft_replicate as replicate,
        false as is_new
    from drafts
    union all
    select
        'essay' as stage,
        essay_order,
        0 as template_order,
        0 as model_order,
        false as is_own,
        cast(null as bigint) as own_number,
        essay_id as gen_id,
        draft_id as parent_gen_id,
        combo_id,
        essay_template_id as template_id,
        essay_llm_model_id as llm_model_id,
        essay_replicate as replicate,
        false as is_new
    from essays
    union all
    select
        'evaluation' as stage,
        essay_order,
        template_order,
        model_order,
        is_own,
        own_number,
        gen_id,
        essay_id as parent_gen_id,
        combo_id,
        template_id,
        llm_model_id,
        replicate,
        is_new
    from evaluations
),

-- The user must correct faults before anything is written.
named as (
    select
        members.*,
        requests.cohort_id
    from members
    cross join requests
    where (select count(*) from faults) = 0
),

final as (
    select
        row_number() over (
            order by
                {{ stage_order() }},
                essay_order,
                template_order,
                model_order,
                is_own,
                own_number nulls last,
                gen_id
        ) as member_order,
        stage,
        gen_id,
        cohort_id,
        parent_gen_id,
        combo_id,
        template_id,
        llm_model_id,
        replicate,
        is_new,
        case when is_new then {{ json_pretty([
            ("combo_id", "combo_id", "text"),
            ("gen_id", "gen_id", "word"),
            ("llm_model_id", "llm_model_id", "text"),
            ("mode", "'llm'", "word"),
            ("origin_cohort_id", "cohort_id", "word"),
            ("parent_gen_id", "parent_gen_id", "word"),
            ("replicate", "replicate", "number"),
            ("stage", "stage", "word"),
            ("template_id", "template_id", "word"),
        ]) }} end as metadata_text
    from named
)

select * from final
