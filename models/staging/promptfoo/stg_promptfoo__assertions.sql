-- One row per component result of a result of promptfoo: one assertion, or the rating
-- of a person. An assertion that a model grades names its judge if it, or the test, has
-- a provider for it; promptfoo's own choice is not recorded.
with results as (select * from {{ ref("stg_promptfoo__results") }}),

components as (
    select
        *,
        generate_subscripts(
            from_json(component_results, '["JSON"]'), 1
        ) as component_number,
        unnest(from_json(component_results, '["JSON"]')) as component
    from results
    where fault is null and try(json_type(component_results)) = 'ARRAY'
),

extracted as (
    select
        * exclude (component),
        json_extract_string(
            component,
            [
                '$.assertion.type', '$.assertion.metric', '$.assertion.value',
                '$.assertion.provider', '$.assertion.threshold', '$.assertion.weight',
                '$.pass', '$.score', '$.reason', '$.comment',
                '$.metadata.renderedGradingPrompt', '$.metadata.graderError'
            ]
        ) as fields
    from components
    where json_type(component) = 'OBJECT'
),

judged as (
    select
        *,
        coalesce(fields[1], 'assertion') as assertion_type,
        regexp_replace(fields[1], '^not-', '') in (
            'agent-rubric', 'answer-relevance', 'classifier', 'context-faithfulness',
            'context-recall', 'context-relevance', 'conversation-relevance',
            'factuality', 'g-eval', 'llm-rubric', 'model-graded-closedqa',
            'model-graded-factuality', 'moderation', 'pi', 'search-rubric',
            'select-best', 'similar', 'trajectory:goal-success', 'video-rubric'
        )
        or starts_with(fields[1], 'promptfoo:redteam:') as is_graded,
        coalesce(fields[4], grader) as judge,
        concat_ws(': ', fields[2], fields[1], fields[3]) as long_name
    from extracted
),

with_judges as (
    select
        *,
        if(
            starts_with(judge, '{'),
            try(json_extract_string(judge, ['$.id', '$.text.id', '$.text'])),
            [judge]
        ) as judge_names
    from judged
),

final as (
    select
        source_csv,
        file,
        file_number,
        place,
        position,
        result_id,
        eval_id,
        component_number,
        combo_id,
        if(
            length(long_name) <= 200,
            long_name,
            concat_ws(': ', fields[2], fields[1], left(sha256(fields[3]), 16))
        ) as template_id,
        case
            when assertion_type = 'human' then 'human:unknown'
            when is_graded
                then
                    coalesce(
                        judge_names[1], judge_names[2], judge_names[3],
                        'code:' || assertion_type
                    )
            else 'code:' || assertion_type
        end as model_id,
        if(fields[12] = 'true', 'graderError', 'success') as status,
        timestamp_text,
        occurred_at,
        created_from,
        fields[11] as prompt,
        fields[9] as response,
        fields[8] as score_text,
        fields[7] as is_pass,
        fields[3] as assertion_value,
        fields[5] as threshold,
        fields[6] as weight,
        fields[10] as remark
    from with_judges
)

select * from final
