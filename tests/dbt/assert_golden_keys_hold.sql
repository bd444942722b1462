-- Fails when the macro `keyed` makes another key of golden parts than the runtime does:
-- existing readers would not find the documents, and a second backfill would double
-- them all. The golden keys were made by another program.
-- Does not check which parts a model hashes; the unit tests of the keyed models do.
with golden_keys as (select * from {{ ref("golden_keys") }}),

two_parts as (
    select *
    from golden_keys
    where part_3 is null and part_4 is null
),

three_parts as (
    select *
    from golden_keys
    where part_3 is not null and part_4 is null
),

four_parts as (
    select *
    from golden_keys
    where part_4 is not null
),

made as (
    {%- for relation, parts in [
        ("two_parts", ["part_1", "part_2"]),
        ("three_parts", ["part_1", "part_2", "part_3"]),
        ("four_parts", ["part_1", "part_2", "part_3", "part_4"]),
    ] %}
    select
        part_1,
        part_2,
        part_3,
        part_4,
        key,
        made_key
    from {{ keyed(relation, "made_key", parts) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select
    golden_keys.part_1,
    golden_keys.part_2,
    golden_keys.part_3,
    golden_keys.part_4,
    golden_keys.key,
    made.made_key
from golden_keys
left join made
    on
        golden_keys.key = made.key
        and golden_keys.part_1 = made.part_1
        and golden_keys.part_2 = made.part_2
where made.made_key is distinct from golden_keys.key
