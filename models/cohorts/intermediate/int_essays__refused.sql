-- One row per fault of a selected essay, and of an evaluation that is a member.
with essays as (select * from {{ ref("int_essays__chosen") }}),

reused as (select * from {{ ref("int_evaluations__reused") }}),

-- Each line of the list is a question to every essay; null is a good answer.
of_essays as (
    select
        5 as kind_place,
        essay_place as place,
        essay_id as subject,
        unnest(list_filter([
            case
                when not {{ is_path_component("essay_id") }} then {{ no_id_text() }}
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
                    then 'its draft "' || draft_id || '" ' || {{ no_id_text() }}
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
        'this evaluation cannot be a member, its name ' || {{ no_id_text() }} as fault
    from reused
    where not {{ is_path_component("gen_id") }}
),

final as (
    select * from of_essays
    union all
    select * from of_evaluations
)

select * from final
