-- One row per source row, with the first reason that its own values give.
-- A row without one is an attempt, and has a row_key.
with source_rows as (select * from {{ ref("int_rows__unioned") }}),

checked as (
    select
        *,
        case
            when task_id is null then 'missing_task_id'
            when
                template_id is null
                or model_id is null
                or (combo_id is null and source_csv != 'evaluation')
                then 'missing_key_columns'
            when status is null or lower(status) != 'success' then 'not_successful'
            when occurred_at is null then 'invalid_timestamp'
        end as value_reason
    from source_rows
),

-- Only rows that passed so far, which are all successful, can repeat one another. A row
-- that is the only one of its task and instant, as nearly all are, is not compared.
crowded as (
    select
        source_csv,
        task_id,
        occurred_at
    from checked
    where value_reason is null
    group by source_csv, task_id, occurred_at
    having count(*) > 1
),

compared as (
    select
        checked.source_csv,
        checked.row_index,
        checked.row_place,
        checked.task_id,
        checked.occurred_at,
        min(checked.row_index) over (
            partition by
                checked.source_csv,
                checked.task_id,
                checked.combo_id,
                checked.template_id,
                checked.model_id,
                checked.occurred_at,
                checked.response_file,
                checked.essay_task_id,
                checked.generation_task_id
        ) as first_row_index
    from checked
    inner join crowded
        on
            checked.source_csv = crowded.source_csv
            and checked.task_id = crowded.task_id
            and checked.occurred_at = crowded.occurred_at
    where checked.value_reason is null
),

numbered as (
    select
        compared.source_csv,
        compared.row_index,
        compared.first_row_index,
        firsts.row_place as first_row_place,
        row_number() over (
            partition by
                compared.source_csv,
                compared.task_id,
                compared.occurred_at,
                compared.row_index > compared.first_row_index
            order by compared.row_index
        ) as attempt
    from compared
    inner join compared as firsts
        on
            compared.source_csv = firsts.source_csv
            and compared.first_row_index = firsts.row_index
),

reasoned as (
    select
        checked.*,
        numbered.first_row_index,
        numbered.first_row_place,
        coalesce(numbered.attempt, 1) as attempt,
        case
            when checked.value_reason is not null then checked.value_reason
            when checked.row_index > numbered.first_row_index then 'duplicate_row'
        end as reason
    from checked
    left join numbered
        on
            checked.source_csv = numbered.source_csv
            and checked.row_index = numbered.row_index
),

final as (
    select
        source_csv,
        row_index,
        row_place,
        case
            when reason is null
                then
                    source_csv || ':' || task_id
                    || ':' || {{ instant_text("occurred_at") }} || ':' || attempt
        end as row_key,
        task_id,
        combo_id,
        template_id,
        model_id,
        timestamp_text,
        occurred_at,
        response_file,
        essay_task_id,
        generation_task_id,
        reason,
        case reason
            when 'missing_task_id' then 'the task id is blank'
            when 'missing_key_columns'
                then
                    'blank: '
                    || concat_ws(
                        ', ',
                        case
                            when combo_id is null and source_csv != 'evaluation'
                                then 'combo_id'
                        end,
                        case when template_id is null then 'template_id' end,
                        case when model_id is null then 'model_id' end
                    )
            when 'not_successful'
                then coalesce('the status is "' || status || '"', 'the status is blank')
            when 'invalid_timestamp'
                then
                    'the timestamp is '
                    || coalesce('"' || timestamp_text || '"', 'blank')
                    || ': ' || {{ timestamp_form() }}
            when 'duplicate_row'
                then
                    'it repeats '
                    || coalesce(first_row_place, 'row ' || first_row_index)
        end as detail
    from reasoned
)

select * from final
