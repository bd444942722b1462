-- One row per source row of the four tables, and per record of histories: the document
-- that it becomes, or the reason that rejects it.
-- In write_order, because a run writes documents in ranges of it.
{% set columns = [
    "source_csv", "row_index", "row_key", "task_id", "combo_id", "template_id",
    "model_id", "timestamp_text", "occurred_at", "reason", "detail", "parser",
    "prompt_hash", "raw_bytes", "raw_chars", "content_hash", "parsed_chars",
    "parsed_text", "stage", "logical_key_id", "doc_id", "parent_doc_id",
    "parent_task_id", "link_method", "score",
] %}
{% set of_tables = [
    "response_file", "repair", "folder", "prompt_file", "parsed_from", "parsed_bytes"
] %}
{% set of_records = [
    "record_number", "record_key", "file", "position", "created_from", "origin_run_id",
    "score_text", "meta",
] %}
{% set whole_numbers = [
    "write_order", "row_index", "raw_bytes", "raw_chars", "parsed_chars", "parsed_from",
    "parsed_bytes", "record_number",
] %}
{% set types = {} %}
{% for column in ["write_order"] + columns + of_tables + of_records + ["targets"] %}
    {% do types.update({
        column: "bigint" if column in whole_numbers
        else "double" if column == "score"
        else "timestamp" if column == "occurred_at"
        else "string"
    }) %}
{% endfor %}
with table_rows as (select * from {{ ref("int_table_rows__resolved") }}),

records as (
    {{ of_histories("int_records__resolved", types) }}
),

united as (
    select
        write_order,
        {%- for column in columns + of_tables %}
        {{ column }},
        {%- endfor %}
        {%- for column in of_records %}
        cast(null as {{ types[column] }}) as {{ column }},
        {%- endfor %}
        cast(null as string) as targets
    from table_rows
    union all
    select
        write_order,
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        {%- for column in of_tables %}
        cast(null as {{ types[column] }}) as {{ column }},
        {%- endfor %}
        {%- for column in of_records %}
        {{ column }},
        {%- endfor %}
        targets
    from records
),

final as (
    select
        write_order,
        {%- for column in columns + of_tables + of_records if column != "score" %}
        {{ column }},
        {%- endfor %}
        targets,
        score + 0.0 as score,  -- no negative zero, which SQLite would not keep
        case
            when doc_id is null then null
            when parsed_chars is null then 'parse_error'
            else 'ok'
        end as status,
        {{ instant_text("occurred_at") }} as created_at,
        stage || '/' || logical_key_id || '/' || doc_id as doc_dir
    from united
)

select * from final
order by write_order
