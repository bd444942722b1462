-- One row per source of histories.yml and field: in how many of its records it was.
-- Of a tool these are the values that its models look for; of a mapping, what it names.
with fields as (select * from {{ ref("int_fields__counted") }}),

sources as (select * from {{ ref("stg_histories__sources") }}),

records as (select * from {{ ref("int_records__unioned") }}),

of_tools as (
    {%- for field, is_there in [
        ("prompt", "prompt_hash is not null"),
        ("response", "has_response"),
        ("score", "score is not null or score_text is not null"),
        ("created_at", "occurred_at is not null"),
        ("model_id", "model_id is not null"),
    ] %}
    select
        source_csv,
        '{{ field }}' as field,
        cast(null as string) as value,
        count(*) as records,
        count(*) filter (where {{ is_there }}) as present
    from records
    where fault is null
    group by source_csv
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

final as (
    select
        sources.source_number,
        of_tools.source_csv,
        of_tools.field,
        of_tools.value,
        of_tools.records,
        of_tools.present
    from of_tools
    inner join sources on of_tools.source_csv = sources.source_csv
    where sources.tool is not null
    union all
    select
        sources.source_number,
        fields.source_csv,
        fields.field,
        fields.value,
        fields.records,
        fields.present
    from fields
    inner join sources on fields.source_csv = sources.source_csv
    where fields.field not like '%.source'
)

select * from final
order by source_number, field
