-- One row per answer of lm_eval's samples, and per metric and filter of a sample.
-- What is read twice would be copied, whole logs at that.
with tool_rows as not materialized (
    select * from {{ ref('stg_histories__tool_rows') }}
),

samples as (
    {{ lm_eval_samples("tool_rows") }}
),

filters as (
    {{ lm_eval_filters("samples") }}
),

generations as (
    {{ lm_eval_generations("samples", "filters") }}
),

judgements as (
    {{ lm_eval_judgements("samples", "filters") }}
),

faulty as (
    select
        source_csv,
        file,
        file_number,
        place * 1000000 as place,
        position,
        'generation' as kind,
        row_fault as fault
    from samples
    where row_fault is not null
),

unioned as (
    select * from generations
    union all by name
    select * from judgements
    union all by name
    select * from faulty
),

final as (
    {{ common_shape("unioned") }}
)

select * from final
