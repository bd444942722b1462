-- One row per file of an OpenAI batch source whose first line is no line of a batch of
-- chat completions or responses.
with tool_rows as not materialized (
    select * from {{ ref('stg_histories__tool_rows') }}
),

first_places as (
    select
        source_csv,
        file,
        min(place) as place
    from tool_rows
    where tool = 'openai_batch' and fault is null
    group by source_csv, file
),

first_rows as (
    select tool_rows.*
    from tool_rows
    inner join first_places
        on
            tool_rows.source_csv = first_places.source_csv
            and tool_rows.file = first_places.file
            and tool_rows.place = first_places.place
),

lines as (
    {{ batch_lines("first_rows") }}
),

final as (
    select
        source_csv,
        file,
        'line ' || position || ': ' || fault
        || '; this program reads batches of chat completions and responses' as detail
    from lines
    where fault is not null
)

select * from final
