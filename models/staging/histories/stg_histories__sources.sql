-- One row per source of histories.yml, in its order.
with source_rows as (
    select * from {{ source('histories', 'sources') }}
),

final as (
    select
        source_csv,
        number as source_number,
        tool,
        kind,
        stage,
        parser,
        time_form,
        time_zone,
        success,
        unmatched
    from source_rows
)

select * from final
