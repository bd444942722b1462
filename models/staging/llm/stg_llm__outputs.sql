-- One row per turn that gave messages: those from what it was given to its tip.
with recursive answers as (select * from {{ ref("stg_llm__answers") }}),

messages as (select * from {{ ref("stg_llm__messages") }}),

steps as (
    select
        source_csv,
        file,
        answer_id,
        parent_hash,
        tip_hash as message_hash,
        0 as step
    from answers
    where tip_hash is not null and tip_hash is distinct from parent_hash
    union all
    select
        steps.source_csv,
        steps.file,
        steps.answer_id,
        steps.parent_hash,
        messages.parent_hash as message_hash,
        steps.step + 1 as step
    from steps
    inner join messages
        on
            steps.source_csv = messages.source_csv
            and steps.file = messages.file
            and steps.message_hash = messages.message_hash
    where
        messages.parent_hash is not null
        and messages.parent_hash is distinct from steps.parent_hash
),

final as (
    select
        steps.source_csv,
        steps.file,
        steps.answer_id,
        string_agg(messages.text, '' order by steps.step desc) as response,
        string_agg(messages.reasoning, '' order by steps.step desc) as reasoning,
        flatten(list(messages.tool_calls order by steps.step desc)) as tool_calls
    from steps
    inner join messages
        on
            steps.source_csv = messages.source_csv
            and steps.file = messages.file
            and steps.message_hash = messages.message_hash
    group by steps.source_csv, steps.file, steps.answer_id
)

select * from final
