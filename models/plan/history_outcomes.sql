-- One row per source of histories.yml and what becomes of its records: documents of a
-- kind, or rejected for a reason. A source without records has one row.
-- depends_on: {{ ref("int_files__refused") }}
with sources as (select * from {{ ref("stg_histories__sources") }}),

records as (select * from {{ ref("int_records__unioned") }}),

resolved as (select * from {{ ref("int_records__resolved") }}),

reasons as (select * from {{ ref("reasons") }}),

ended as (
    select
        resolved.source_csv,
        resolved.record_number,
        case when resolved.reason is null then records.kind end as kind,
        resolved.reason,
        resolved.detail,
        resolved.model_id,
        resolved.occurred_at
    from resolved
    inner join records on resolved.record_number = records.record_number
),

counted as (
    select
        source_csv,
        kind,
        reason,
        count(*) as records,
        arg_min(detail, record_number) as example,
        cast(to_json(histogram(model_id)) as varchar) as models,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
        count(*) filter (where occurred_at is null) as untimed
    from ended
    group by source_csv, kind, reason
),

final as (
    select
        sources.source_number,
        cast(reasons.precedence as bigint) as precedence,
        sources.source_csv,
        counted.kind,
        counted.reason,
        coalesce(counted.records, 0) as records,
        counted.example,
        counted.models,
        counted.first_at,
        counted.last_at,
        coalesce(counted.untimed, 0) as untimed
    from sources
    left join counted on sources.source_csv = counted.source_csv
    left join reasons on counted.reason = reasons.reason
)

select * from final
