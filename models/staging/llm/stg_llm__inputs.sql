-- One row per turn that was given messages: those after the last answer before it.
-- These are what was asked in this turn, as llm itself shows it; the messages further
-- up are those of the turns before.
with recursive answers as (select * from {{ ref("stg_llm__answers") }}),

messages as (select * from {{ ref("stg_llm__messages") }}),

steps as (
    select
        source_csv,
        file,
        answer_id,
        parent_hash as message_hash,
        0 as step
    from answers
    where parent_hash is not null
    union all
    select
        steps.source_csv,
        steps.file,
        steps.answer_id,
        messages.parent_hash as message_hash,
        steps.step + 1 as step
    from steps
    inner join messages
        on
            steps.source_csv = messages.source_csv
            and steps.file = messages.file
            and steps.message_hash = messages.message_hash
    where messages.role != 'assistant' and messages.parent_hash is not null
),

final as (
    select
        steps.source_csv,
        steps.file,
        steps.answer_id,
        string_agg(messages.text, '' order by steps.step desc)
        filter (messages.role = 'user') as prompt,
        string_agg(messages.text, chr(10) || chr(10) order by steps.step desc)
        filter (messages.role = 'system') as system_prompt,
        flatten(
            list(messages.tool_results order by steps.step desc)
            filter (messages.role != 'assistant')
        ) as tool_results,
        flatten(
            list(messages.attachments order by steps.step desc)
            filter (messages.role != 'assistant')
        ) as attachments,
        max(steps.message_hash) filter (messages.role = 'assistant') as last_answer_hash
    from steps
    inner join messages
        on
            steps.source_csv = messages.source_csv
            and steps.file = messages.file
            and steps.message_hash = messages.message_hash
    group by steps.source_csv, steps.file, steps.answer_id
)

select * from final
