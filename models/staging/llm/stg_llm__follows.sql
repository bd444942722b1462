-- One row per turn that goes on from an answer, with the id of the turn or response
-- that gave this answer. A message's hash covers all messages above it, so the answer
-- is the same one: it is sought in the turn's own thread, then in the thread that this
-- was forked from, then in all of the file, where no more than one may have given it.
-- A thread that began as a conversation of an older llm goes on from its last response.
with answers as (select * from {{ ref("stg_llm__answers") }}),

inputs as (select * from {{ ref("stg_llm__inputs") }}),

threads as (select * from {{ ref("stg_llm__threads") }}),

continued as (
    select
        answers.source_csv,
        answers.file,
        answers.answer_id,
        answers.conversation_id,
        threads.forked_from,
        inputs.last_answer_hash
    from answers
    inner join inputs
        on
            answers.source_csv = inputs.source_csv
            and answers.file = inputs.file
            and answers.answer_id = inputs.answer_id
    left join threads
        on
            answers.source_csv = threads.source_csv
            and answers.file = threads.file
            and answers.conversation_id = threads.thread_id
    where inputs.last_answer_hash is not null
),

candidates as (
    select
        continued.source_csv,
        continued.file,
        continued.answer_id,
        answers.answer_id as candidate_id,
        answers.conversation_id = continued.conversation_id as is_in_thread,
        answers.conversation_id = continued.forked_from as is_in_fork
    from continued
    inner join answers
        on
            continued.source_csv = answers.source_csv
            and continued.file = answers.file
            and continued.last_answer_hash = answers.tip_hash
            and continued.answer_id > answers.answer_id
),

of_turns as (
    select
        source_csv,
        file,
        answer_id,
        coalesce(
            max(candidate_id) filter (is_in_thread),
            max(candidate_id) filter (is_in_fork),
            case
                when count(distinct candidate_id) = 1 then max(candidate_id)
            end
        ) as followed_id
    from candidates
    group by source_csv, file, answer_id
),

of_responses as (
    select
        continued.source_csv,
        continued.file,
        continued.answer_id,
        max(answers.answer_id) as followed_id
    from continued
    inner join answers
        on
            continued.source_csv = answers.source_csv
            and continued.file = answers.file
            and continued.conversation_id = answers.conversation_id
            and continued.answer_id > answers.answer_id
    anti join of_turns
        on
            continued.source_csv = of_turns.source_csv
            and continued.file = of_turns.file
            and continued.answer_id = of_turns.answer_id
    where answers.relation = 'responses'
    group by continued.source_csv, continued.file, continued.answer_id
),

final as (
    select * from of_turns
    union all
    select * from of_responses
)

select * from final
