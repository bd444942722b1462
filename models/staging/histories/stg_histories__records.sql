-- One row per record of the files that histories.yml maps, in the common shape.
-- depends_on: {{ ref("stg_histories__sources") }}
-- depends_on: {{ ref("stg_histories__fields") }}
with final as (
    {{ mapped_records(ref("stg_histories__rows")) }}
)

select * from final
