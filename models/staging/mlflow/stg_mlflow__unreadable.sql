-- One row per row of mlflow's tables that cannot be read, where a record needs it.
with source_rows as (
    select * from {{ ref("stg_histories__tool_rows") }}
    where tool = 'mlflow' and fault is not null
),

final as (
    select
        source_csv,
        file,
        file_number,
        place,
        position,
        if(relation = 'assessments', 'judgement', 'generation') as kind,
        'table ' || relation || ': ' || fault as fault
    from source_rows
    where relation in ('trace_info', 'spans', 'assessments')
)

select * from final
