-- One row per answer that llm logged, with what it was given and gave as texts.
with answers as (select * from {{ ref("stg_llm__answers") }}),

inputs as (select * from {{ ref("stg_llm__inputs") }}),

outputs as (select * from {{ ref("stg_llm__outputs") }}),

attached as (select * from {{ ref("stg_llm__attached") }}),

of_turns as (
    select
        answers.source_csv,
        answers.file,
        answers.answer_id,
        answers.relation,
        inputs.prompt,
        inputs.system_prompt,
        -- What it gave is not in the file: that is unknown, and not empty.
        if(
            outputs.answer_id is null
            and answers.tip_hash is not null
            and answers.tip_hash is distinct from answers.parent_hash,
            null,
            coalesce(outputs.response, '')
        ) as response,
        outputs.reasoning,
        outputs.tool_calls,
        inputs.tool_results,
        inputs.attachments
    from answers
    left join inputs
        on
            answers.source_csv = inputs.source_csv
            and answers.file = inputs.file
            and answers.answer_id = inputs.answer_id
    left join outputs
        on
            answers.source_csv = outputs.source_csv
            and answers.file = outputs.file
            and answers.answer_id = outputs.answer_id
    where answers.relation = 'turns'
),

of_responses as (
    select
        answers.source_csv,
        answers.file,
        answers.answer_id,
        answers.relation,
        if(
            attached.fragments is null,
            answers.prompt,
            array_to_string(
                attached.fragments || [nullif(answers.prompt, '')], chr(10)
            )
        ) as prompt,
        array_to_string(
            coalesce(attached.system_fragments, [])
            || [nullif(answers.system_prompt, '')],
            chr(10) || chr(10)
        ) as system_prompt,
        answers.response,
        answers.reasoning,
        attached.tool_calls,
        attached.tool_results,
        attached.attachments
    from answers
    left join attached
        on
            answers.source_csv = attached.source_csv
            and answers.file = attached.file
            and answers.answer_id = attached.response_id
    where answers.relation = 'responses'
),

final as (
    select * from of_turns
    union all
    select * from of_responses
)

select * from final
