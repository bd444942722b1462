-- One row per record of the files that histories.yml maps, in the common shape.
-- depends_on: {{ ref("stg_histories__sources") }}
-- depends_on: {{ ref("stg_histories__fields") }}
with mapped_rows as (
    select * from {{ source("histories", "mapped_rows") }}
),

final as (
    {{ mapped_records() }}
)

select * from final
