-- One row per source row, after the repairs: a row that a repair ignores is never an
-- attempt, and a row for which a repair names a response file or a timestamp has that.
-- The build stops here if a repair does not fit the tables. A view: repairs are few.
{{ config(
    materialized="replaced_view", pre_hook="{{ refuse_repairs('int_repairs__judged') }}"
) }}
{% set fields = [
    ("action", "action", "word"), ("by", "repaired_by", "optional text"),
    ("reason", "reason", "optional text"), ("value", "value", "optional text"),
    ("was", "was", "optional text"),
] %}
with classified as (select * from {{ ref("int_rows__classified") }}),

retimed as (select * from {{ ref("int_rows__retimed") }}),

repairs as (
    select
        *,
        case action
            when 'set_response_file' then response_file
            when 'set_timestamp' then timestamp_text
        end as was
    from {{ ref("int_repairs__judged") }}
    where not is_repeat
),

by_row as (
    select
        source_csv,
        row_index,
        max(case when action = 'ignore' then 1 else 0 end) = 1 as is_ignored,
        coalesce(
            max(case when action = 'ignore' then reason end),
            'a repair says so, and gives no reason'
        ) as ignored_for,
        max(case when action = 'set_response_file' then value end) as response_file,
        '[' || {{ joined_texts(json_compact(fields), "','", "action") }} || ']'
            as repair
    from repairs
    group by source_csv, row_index
),

final as (
    select
        classified.source_csv,
        classified.row_index,
        classified.row_place,
        coalesce(classified.row_key, retimed.row_key) as row_key,
        classified.task_id,
        classified.combo_id,
        classified.template_id,
        classified.model_id,
        classified.timestamp_text,
        coalesce(classified.occurred_at, retimed.occurred_at) as occurred_at,
        coalesce(by_row.response_file, classified.response_file) as response_file,
        classified.essay_task_id,
        classified.generation_task_id,
        case
            when by_row.is_ignored then 'ignored'
            when retimed.row_key is null then classified.reason
        end as reason,
        case
            when by_row.is_ignored then by_row.ignored_for
            when retimed.row_key is null then classified.detail
        end as detail,
        by_row.repair
    from classified
    left join by_row
        on
            classified.source_csv = by_row.source_csv
            and classified.row_index = by_row.row_index
    left join retimed
        on
            classified.source_csv = retimed.source_csv
            and classified.row_index = retimed.row_index
)

select * from final
