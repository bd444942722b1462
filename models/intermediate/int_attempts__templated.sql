-- One row per attempt, with its template's parser and the files that it names.
-- The build stops here if an attempt's template names a parser that is not known.
-- A view: all but three of its columns are those of int_rows__classified.
-- depends_on: {{ ref("parsers") }}
-- depends_on: {{ ref("int_parsers__judged") }}
{{ config(materialized="replaced_view", pre_hook="{{ refuse_unknown_parsers() }}") }}
with source_rows as (select * from {{ ref("int_rows__repaired") }}),

templates as (select * from {{ ref("int_templates__parsers") }}),

attempts as (
    select
        *,
        case
            -- A longer path cannot be opened, and normalizing takes quadratic time.
            when source_csv = 'link' and length(response_file) <= 4096
                then {{ normalized_path("response_file") }}
        end as normalized_file
    from source_rows
    where reason is null
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
        templates.parser,
        case attempts.source_csv
            when 'evaluation' then {{ sql_text(evaluation_root()) }}
            else {{ sql_text(responses_folder()) }}
        end as folder,
        attempts.response_file,
        {{ prompt_path("attempts.normalized_file") }} as prompt_file
    from attempts
    left join templates
        on
            attempts.source_csv = templates.source_csv
            and attempts.template_id = templates.template_id
)

select * from final
