-- One row per field of a mapping: in how many of its source's records it was there.
-- The build stops here if a field that is not optional is in none: its path is wrong.
-- depends_on: {{ ref("stg_histories__sources") }}
-- depends_on: {{ ref("stg_histories__fields") }}
{{ config(post_hook="{{ refuse_absent_fields() }}") }}
with final as (
    {{ field_counts(ref("stg_histories__rows")) }}
)

select * from final
