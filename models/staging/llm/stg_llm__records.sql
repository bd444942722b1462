-- One row per answer that llm logged, in the common shape of histories.
-- A row that cannot be read is one too, whatever table it is in: nobody knows what it
-- said.
with answers as (select * from {{ ref("stg_llm__answers") }}),

texts as (select * from {{ ref("stg_llm__texts") }}),

follows as (select * from {{ ref("stg_llm__follows") }}),

unreadable as (select * from {{ ref("stg_llm__unreadable") }}),

described as (
    select
        answers.source_csv,
        answers.file,
        answers.file_number,
        answers.relation,
        answers.place,
        answers.position,
        answers.answer_id as record_id,
        coalesce(answers.resolved_model, answers.asked_model) as model_id,
        'success' as status,
        answers.timestamp_text,
        {{ instant("answers.timestamp_text") }} as occurred_at,
        if(answers.timestamp_text is null, 'none', 'row') as created_from,
        texts.prompt,
        -- Tools that are called without a word are no answer.
        if(
            texts.response = '' and len(texts.tool_calls) > 0, null, texts.response
        ) as response,
        case
            when answers.relation = 'turns' then follows.followed_id
            when answers.conversation_id is not null then answers.answer_before_id
        end as followed_id,
        answers.conversation_id as origin_run_id,
        {{ json_compact([
            ("system", "nullif(texts.system_prompt, '')", "optional text"),
            ("options", "try(json_extract(nullif(options_text, '{}'), '$'))",
                "optional json"),
            ("asked_model", "nullif(asked_model, coalesce(resolved_model, asked_model))",
                "optional text"),
            ("schema_id", "schema_id", "optional text"),
            ("attachments", "to_json(nullif(attachments, []))", "optional json"),
            ("tool_calls", "to_json(nullif(tool_calls, []))", "optional json"),
            ("tool_results", "to_json(nullif(tool_results, []))", "optional json"),
            ("reasoning", "nullif(texts.reasoning, '')", "optional text"),
            ("input_tokens", "try_cast(input_tokens as bigint)", "optional number"),
            ("output_tokens", "try_cast(output_tokens as bigint)", "optional number"),
            ("token_details", "try(json_extract(token_details, '$'))", "optional json"),
            ("duration_ms", "try_cast(duration_ms as bigint)", "optional number"),
        ]) }} as meta
    from answers
    left join texts
        on
            answers.source_csv = texts.source_csv
            and answers.file = texts.file
            and answers.relation = texts.relation
            and answers.answer_id = texts.answer_id
    left join follows
        on
            answers.source_csv = follows.source_csv
            and answers.file = follows.file
            and answers.answer_id = follows.answer_id
),

united as (
    select * from described
    union all by name
    select * from unreadable
),

shaped as (
    select
        * exclude (relation, place, created_from, followed_id),
        row_number() over (
            partition by source_csv, file
            order by
                list_position(
                    ['responses', 'turns', 'messages', 'parts', 'fragments'], relation
                ),
                place
        ) as place,
        'generation' as kind,
        cast(null as varchar) as task_id,
        cast(null as varchar) as combo_id,
        cast(null as varchar) as template_id,
        coalesce(created_from, 'none') as created_from,
        cast(null as double) as score,
        cast(null as varchar) as score_text,
        case
            when followed_id is not null
                then
                    [
                        {
                            'role': 'follows', 'position': 1, 'source': null,
                            'id': followed_id, 'task_id': null, 'model_id': null
                        }
                    ]
        end as links
    from united
),

final as (
    {{ common_shape("shaped") }}
)

select * from final
