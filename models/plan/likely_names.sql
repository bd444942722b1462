-- One row per pair of names that may be similar: those that share the most keys.
-- Comparing all pairs would take quadratic time, so only names that share a key are
-- compared: the name without one of its words, or about half of its letters. A key that
-- many names share says nothing about one of them, and is left out.
with sought as (select * from {{ ref("sought_names") }}),

offered as (select * from {{ ref("offered_names") }}),

sought_keys as (
    {{ name_keys("sought") }}
),

all_offered_keys as (
    {{ name_keys("offered") }}
),

offered_keys as (
    select
        *,
        count(*) over (partition by scope, key) as sharing
    from all_offered_keys
),

paired as (
    select
        sought_keys.scope,
        sought_keys.name as sought_name,
        offered_keys.name as offered_name,
        count(*) as shared_keys
    from sought_keys
    inner join offered_keys
        on sought_keys.scope = offered_keys.scope and sought_keys.key = offered_keys.key
    where offered_keys.sharing <= {{ var("most_names_of_a_key") }}
    group by sought_keys.scope, sought_keys.name, offered_keys.name
),

ranked as (
    select
        *,
        row_number() over (
            partition by scope, sought_name
            order by shared_keys desc, offered_name asc
        ) as rank
    from paired
),

final as (
    select
        scope,
        sought_name,
        offered_name
    from ranked
    where rank <= {{ var("most_names_of_a_key") }}
)

select * from final
