-- One row per sample of Inspect's logs, and per score of one.
-- What is read twice would be copied, whole logs at that.
with tool_rows as not materialized (
    select * from {{ ref('stg_histories__tool_rows') }}
),

samples as (
    {{ inspect_samples("tool_rows") }}
),

generations as (
    {{ inspect_generations("samples") }}
),

judgements as (
    {{ inspect_judgements("generations") }}
),

readable as (
    select
        * exclude (scores, scorers, attachments, place),
        place * 1000000 as place,
        'generation' as kind
    from generations
    where fault is null
),

faulty as (
    select
        source_csv,
        file,
        file_number,
        place * 1000000 as place,
        position,
        'generation' as kind,
        fault
    from generations
    where fault is not null
),

unioned as (
    select * from readable
    union all by name
    select * from judgements
    union all by name
    select * from faulty
),

final as (
    {{ common_shape("unioned") }}
)

select * from final
