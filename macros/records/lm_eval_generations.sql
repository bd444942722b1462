{#-
    One row per answer of lm_eval's samples: a text per repeat; of choices the one with
    the highest log-likelihood, the first of equal ones.

    Choices are the requests with the context of the first one (others measure a choice
    without its context); where no other has that, as when each choice is put into the
    question, those with its continuation. A single request chooses nothing: no text.
-#}
{% macro lm_eval_generations(samples, filters) -%}
    with with_answers as (
        select samples.*
        from {{ samples }} as samples
        inner join {{ filters }} as filters
            on
                samples.source_csv = filters.source_csv
                and samples.file = filters.file
                and samples.place = filters.place
        where
            samples.row_fault is null
            and coalesce(
                samples.filter_name = filters.first_filter, filters.is_first
            )
    ),

    answered as (
        select
            *,
            if(
                is_text,
                if(
                    json_type(answers[1]) = 'ARRAY',
                    {{ json_items("answers[1]") }},
                    answers
                ),
                [cast(null as json)]
            ) as texts,
            list_filter(
                range(1, len(requests) + 1),
                lambda number: requests[number][1] = requests[1][1]
            ) as with_context,
            list_filter(
                range(1, len(requests) + 1),
                lambda number: requests[number][2] = requests[1][2]
            ) as with_continuation
        from with_answers
    ),

    chosen as (
        select
            *,
            list_transform(
                if(len(with_context) > 1, with_context, with_continuation),
                lambda number: {
                    'choice': json_extract_string(
                        requests[number][if(len(with_context) > 1, 2, 1)], '$'
                    ),
                    'log_likelihood': try_cast(
                        json_extract_string(answers[number], '$[0][0]') as double
                    )
                }
            ) as choices
        from answered
    ),

    repeated as (
        select
            *,
            unnest(texts) as answer,
            generate_subscripts(texts, 1) as repeat_number
        from chosen
    ),

    final as (
        select
            source_csv,
            file,
            file_number,
            place * 1000000 + repeat_number as place,
            if(len(texts) > 1, position || '.' || repeat_number, position) as position,
            'generation' as kind,
            concat_ws(':', run_stamp, model_id, task_name, doc_id, repeat_number)
                as record_id,
            concat_ws('/', task_name, doc_id) as task_id,
            fields['doc_hash'] ->> '$' as combo_id,
            concat_ws(
                ' ', concat_ws('@', task_name, task_version), shots || '-shot'
            ) as template_id,
            model_id,
            'success' as status,
            run_date as timestamp_text,
            {{ instant_of_epoch("run_date", 1) }} as occurred_at,
            if(run_date is null, 'none', 'run') as created_from,
            case
                when is_text or len(with_context) > 1 or len(choices) <= 1
                    then {{ lm_eval_prompt("requests[1][1]") }}
            end as prompt,
            case
                when is_text then answer ->> '$'
                when len(choices) > 1
                    then list_filter(
                        choices,
                        lambda item: item.log_likelihood
                        = list_max(
                            list_transform(
                                choices, lambda other: other.log_likelihood
                            )
                        )
                    )[1].choice
            end as response,
            run_stamp as origin_run_id,
            {{ json_or_null([
                ("target", "fields['target']", "optional json"),
                (
                    "choices",
                    "if(is_text or len(choices) <= 1, null, to_json(choices))",
                    "optional json",
                ),
            ]) }} as meta
        from repeated
    )

    select * from final
{%- endmacro %}


{#- A context as text: plain, or a chat, which stands as JSON in a list of one text. -#}
{% macro lm_eval_prompt(context) -%}
    case
        when json_type({{ context }}) = 'ARRAY'
            then coalesce(
                {{ chat_text(json_items(
                    "try_cast(json_extract_string(" ~ context ~ ", '$[0]') as json)"
                )) }},
                cast({{ context }} as varchar)
            )
        else json_extract_string({{ context }}, '$')
    end
{%- endmacro %}
