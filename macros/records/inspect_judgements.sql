{#-
    One row per score of a sample of Inspect's logs: a letter, a number, or a member of
    a score that is an object.
-#}
{% macro inspect_judgements(generations) -%}
    with with_scores as (
        select
            source_csv,
            file,
            file_number,
            place,
            position,
            record_id,
            task_id,
            combo_id,
            timestamp_text,
            occurred_at,
            created_from,
            response,
            origin_run_id,
            scorers,
            attachments,
            -- No `where`: DuckDB would read the fields of each log again for it.
            if(
                fault is null and json_type(scores) = 'OBJECT',
                map_entries(cast(scores as map (varchar, json))),
                null
            ) as all_scores
        from {{ generations }}
    ),

    scores as (
        select
            * exclude (all_scores),
            unnest(all_scores) as entry,
            generate_subscripts(all_scores, 1) as scorer_number
        from with_scores
    ),

    read_scores as (
        select
            * exclude (entry),
            entry.key as scorer,
            json_extract(
                entry.value,
                [
                    '$.value', '$.answer', '$.explanation', '$.metadata',
                    '$.metadata.grading', '$.metadata.grading[#-1].model'
                ]
            ) as fields
        from scores
    ),

    with_parts as (
        select
            *,
            case json_type(fields[1])
                when 'OBJECT' then map_entries(cast(fields[1] as map (varchar, json)))
                else [{ 'key': cast(null as varchar), 'value': fields[1] }]
            end as parts
        from read_scores
    ),

    parts as (
        select
            * exclude (parts),
            unnest(parts) as part,
            generate_subscripts(parts, 1) as part_number
        from with_parts
    ),

    named as (
        select
            *,
            part.key as part_name,
            concat_ws('.', scorer, part.key) as scorer_part,
            part.value ->> '$' as value_text,
            fields[2] as answer,
            fields[3] ->> '$' as explanation,
            fields[4] as metadata,
            {{ json_items('fields[5]') }} as grading,
            fields[6] ->> '$' as grading_model,
            list_filter(scorers, lambda item: item[1] = scorer)[1][2] as scorer_model
        from parts
    ),

    asked as (
        select
            *,
            {{ finite_number("value_text") }} as score,
            list_slice(grading, 1, len(grading) - 1) as asked_messages,
            -- Most scorers give the whole text as their answer.
            if(
                lower({{ trimmed_text("(answer ->> '$')") }})
                = lower({{ trimmed_text("response") }}),
                null,
                answer
            ) as kept_answer,
            case
                when json_type(metadata) = 'OBJECT'
                    then nullif(json_merge_patch(metadata, '{"grading":null}'), '{}')
            end as kept_metadata
        from named
    ),

    final as (
        select
            source_csv,
            file,
            file_number,
            place * 1000000 + scorer_number * 1000 + part_number as place,
            concat_ws(
                '.', position, scorer_number, if(part_name is null, null, part_number)
            ) as position,
            'judgement' as kind,
            concat_ws(':', record_id, scorer, part_name) as record_id,
            concat_ws('/', task_id, scorer_part) as task_id,
            combo_id,
            scorer_part as template_id,
            coalesce(
                grading_model,
                scorer_model,
                'code:' || scorer
            ) as model_id,
            'success' as status,
            timestamp_text,
            occurred_at,
            created_from,
            {{ chat_text("asked_messages", "attachments") }} as prompt,
            {{ attached("explanation", "attachments") }} as response,
            score,
            if(score is null, value_text, null) as score_text,
            {{ target_links("[record_id]") }} as links,
            origin_run_id,
            {{ json_or_null([
                ("answer", "kept_answer", "optional json"),
                ("metadata", "kept_metadata", "optional json"),
            ]) }} as meta
        from asked
    )

    select * from final
{%- endmacro %}
