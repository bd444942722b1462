-- One row per attempt, with the facts about its response file.
-- `cause` says why the file cannot be used; the facts are null then.
with attempts as (select * from {{ ref("int_attempts__templated") }}),

responses as (select * from {{ ref("int_responses__read") }}),

prompts as (
    select
        path,
        content_hash
    from responses
    where folder = {{ sql_text(responses_folder()) }} and parser = '' and cause is null
),

final as (
    select
        attempts.source_csv,
        attempts.row_index,
        attempts.row_key,
        attempts.task_id,
        attempts.combo_id,
        attempts.template_id,
        attempts.model_id,
        attempts.timestamp_text,
        attempts.occurred_at,
        attempts.essay_task_id,
        attempts.generation_task_id,
        attempts.parser,
        attempts.folder,
        attempts.response_file,
        prompts.path as prompt_file,
        prompts.content_hash as prompt_hash,
        case
            when attempts.response_file is null then 'the response file is blank'
            when responses.cause is not null
                then
                    attempts.folder || '/' || attempts.response_file || ': '
                    || responses.cause
        end as cause,
        responses.raw_bytes,
        responses.raw_chars,
        responses.content_hash,
        case
            when attempts.parser is null then responses.raw_chars
            else responses.parsed_chars
        end as parsed_chars,
        responses.parsed_from,
        responses.parsed_bytes,
        responses.parsed_text
    from attempts
    left join responses
        on
            attempts.folder = responses.folder
            and attempts.response_file = responses.path
            and coalesce(attempts.parser, '') = responses.parser
    left join prompts on attempts.prompt_file = prompts.path
)

select * from final
