-- One row per fault of a selected essay, and of an evaluation that is a member.
-- Each check is made for every essay; null means that it passed.
{% set questions = [] -%}
{% set question -%}
case
    when not {{ is_path_component("essay_id") }} then {{ no_id_text() }}
    when essay_problem is not null
        then 'gens/essay/' || essay_id || ' ' || essay_problem
end
{%- endset -%}
{% do questions.append(question) -%}
{% set question -%}
case
    when essay_problem is null and essay_template_id is null
        then 'its metadata.json has no template_id'
end
{%- endset -%}
{% do questions.append(question) -%}
{% set question -%}
case
    when essay_problem is null and draft_id is null
        then 'its metadata.json has no parent_gen_id'
end
{%- endset -%}
{% do questions.append(question) -%}
{% set question -%}
case
    when not {{ is_path_component("draft_id") }}
        then 'its draft "' || draft_id || '" ' || {{ no_id_text() }}
    when draft_problem is not null
        then 'its draft gens/draft/' || draft_id || ' ' || draft_problem
end
{%- endset -%}
{% do questions.append(question) -%}
{% set question -%}
case
    when draft_id is not null and draft_problem is null and combo_id is null
        then 'its draft ' || draft_id || ' has no combo_id'
end
{%- endset -%}
{% do questions.append(question) -%}
{% set question -%}
case
    when
        draft_id is not null
        and draft_problem is null
        and draft_template_id is null
        then 'its draft ' || draft_id || ' has no template_id'
end
{%- endset -%}
{% do questions.append(question) -%}
{% set question -%}
case
    when
        essay_problem is null
        and draft_problem is null
        and essay_llm_model_id is null
        then 'neither it nor its draft has an llm_model_id'
end
{%- endset -%}
{% do questions.append(question) -%}
with essays as (select * from {{ ref("int_essays__chosen") }}),

reused as (select * from {{ ref("int_evaluations__reused") }}),

of_essays as (
    select
        5 as kind_order,
        essay_order as subject_order,
        essay_id as subject,
        {{ each_filled(questions) }} as fault
    from essays
),

of_evaluations as (
    select
        6 as kind_order,
        row_number() over (order by gen_id) as subject_order,
        gen_id as subject,
        'this evaluation cannot be a member, its name ' || {{ no_id_text() }} as fault
    from reused
    where not {{ is_path_component("gen_id") }}
),

final as (
    select
        kind_order,
        subject_order,
        subject,
        fault
    from of_essays
    union all
    select
        kind_order,
        subject_order,
        subject,
        fault
    from of_evaluations
)

select * from final
