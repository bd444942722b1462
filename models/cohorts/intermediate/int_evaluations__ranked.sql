-- One row per existing evaluation that may be a member of the cohort, with its rank.
with generations as (select * from {{ ref("stg_cohorts__generations") }}),

essays as (select * from {{ ref("int_essays__chosen") }}),

templates as (select * from {{ ref("int_templates__chosen") }}),

models as (select * from {{ ref("int_models__chosen") }}),

requests as (select * from {{ ref("stg_cohorts__requests") }}),

lines as (select * from {{ ref("stg_cohorts__selection_lines") }}),

settings as (
    select
        (select min(cohort_id) from requests) as cohort_id,
        (select bool_or(is_done_preferred) from requests) as is_done_preferred,
        (
            select count(*) from lines
            where kind = 'include'
        ) > 0 as includes_others
),

evaluations as (
    select *
    from generations
    where stage = 'evaluation' and problem is null
),

matched as (
    select
        essays.essay_order,
        templates.row_index as template_order,
        models.row_index as model_order,
        evaluations.*,
        {{ whole_number("evaluations.replicate") }} as replicate_number,
        coalesce(evaluations.origin_cohort_id = settings.cohort_id, false) as is_own,
        case
            when settings.is_done_preferred
                then case evaluations.progress
                    when 'done' then 0
                    when 'answered' then 1
                    else 2
                end
        end as progress_order
    from evaluations
    inner join essays on evaluations.parent_gen_id = essays.essay_id
    inner join templates on evaluations.template_id = templates.template_id
    inner join models on evaluations.llm_model_id = models.llm_model_id
    cross join settings
    where settings.includes_others or is_own
),

-- The evaluations that this cohort added are the first, before any newer ones.
final as (
    select
        essay_order,
        template_order,
        model_order,
        gen_id,
        replicate,
        replicate_number,
        is_own,
        coalesce(progress = 'done', false) as is_done,
        row_number() over (
            partition by essay_order, template_order, model_order
            order by
                is_own desc,
                case when is_own then replicate_number else progress_order end asc
                nulls last,
                gen_id asc
        ) as rank
    from matched
)

select * from final
