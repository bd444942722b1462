-- One row per repair, with the source row that it names, or why it names no row.
-- A repair names its row by row_key, or by row_index and task_id; all values that it
-- gives must be those of the row. A view: repairs are few.
{{ config(materialized="replaced_view") }}
with repairs as (
    select
        *,
        case
            when {{ matches("row_index_text", "'0*[0-9]{1,18}'") }}
                then cast(row_index_text as bigint)
        end as row_index
    from {{ ref("stg_cross_experiment__repairs") }}
),

classified as (select * from {{ ref("int_rows__classified") }}),

retimed as (select * from {{ ref("int_rows__retimed") }}),

-- A row whose timestamp is repaired can be named by the row_key that this gives it.
source_rows as (
    select
        classified.source_csv,
        classified.row_index,
        coalesce(classified.row_key, retimed.row_key) as row_key,
        classified.task_id,
        classified.timestamp_text,
        coalesce(classified.occurred_at, retimed.occurred_at) as occurred_at,
        classified.response_file,
        classified.reason,
        classified.detail,
        retimed.row_key is not null as is_retimed
    from classified
    left join retimed
        on
            classified.source_csv = retimed.source_csv
            and classified.row_index = retimed.row_index
),

sources as (
    {%- for table in source_tables() %}
    select
        '{{ table.source_csv }}' as source_csv,
        '{{ table.name }}' as table_name
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

joined as (
    select
        repairs.*,
        sources.table_name,
        concat_ws(
            ' ', repairs.source_csv, 'row', repairs.row_index_text, repairs.task_id
        ) as named_by_index,
        coalesce(by_key.row_index, by_index.row_index) as found_row_index,
        coalesce(by_key.row_key, by_index.row_key) as found_row_key,
        coalesce(by_key.task_id, by_index.task_id) as found_task_id,
        coalesce(by_key.occurred_at, by_index.occurred_at) as occurred_at,
        coalesce(by_key.timestamp_text, by_index.timestamp_text) as timestamp_text,
        coalesce(by_key.response_file, by_index.response_file) as response_file,
        coalesce(by_key.is_retimed, by_index.is_retimed, false) as is_retimed,
        coalesce(by_key.reason, by_index.reason) as row_reason,
        coalesce(by_key.detail, by_index.detail) as row_detail
    from repairs
    left join sources on repairs.source_csv = sources.source_csv
    left join source_rows as by_key
        on
            repairs.source_csv = by_key.source_csv
            and repairs.row_key = by_key.row_key
    left join source_rows as by_index
        on
            repairs.row_key is null
            and repairs.source_csv = by_index.source_csv
            and repairs.row_index = by_index.row_index
),

final as (
    select
        repair_index,
        source_csv,
        found_row_index as row_index,
        found_row_key as row_key,
        occurred_at,
        timestamp_text,
        response_file,
        is_retimed,
        row_reason,
        row_detail,
        action,
        value,
        reason,
        repaired_by,
        'row ' || repair_index || ' (' || concat_ws(
            ', ',
            {{ printable("coalesce(row_key, named_by_index)") }},
            {{ printable("action") }},
            {{ printable("value") }}
        ) || ')' as words,
        case
            when source_csv is null then 'source_csv is blank'
            when table_name is null
                then 'source_csv is none of draft, link, essay and evaluation'
            when row_index_text is not null and row_index is null
                then 'row_index is not a number'
            when row_key is null and row_index is null
                then 'it names no row: give row_key, or row_index and task_id'
            when found_row_index is null
                then
                    case
                        when row_key is null
                            then table_name || ' has no row ' || row_index
                        else 'no row of ' || table_name || ' has this row_key'
                    end
            when row_index != found_row_index
                then 'the row of this row_key is row ' || found_row_index
            when
                coalesce(task_id, '') != coalesce(found_task_id, '')
                and (task_id is not null or row_key is null)
                then
                    coalesce(
                        'row ' || found_row_index || ' has the task id "'
                        || {{ printable("found_task_id") }} || '"',
                        'row ' || found_row_index || ' has no task id'
                    )
        end as row_fault
    from joined
)

select * from final
