-- One row per stage that the page shows, with the class of its colour. Legacy links are
-- drafts. The stages of the results tables are shown if they have rows, and where the
-- index has no other ones. A rejected record has no stage: it counts with its source's
-- documents if all of these are of one stage.
with known (stage, position) as (
    values ('draft', 1), ('essay', 2), ('evaluation', 3)
),

counted as (
    select
        stage,
        count(*) as documents,
        count(distinct logical_key_id) as logical_keys,
        count(*) filter (where status = 'parse_error') as parse_errors,
        count(*) filter (
            where json_extract(meta_small, '$.source_csv') = 'link'
        ) as links
    from documents
    group by stage
),

sources as (
    select
        json_extract(meta_small, '$.source_csv') as source_csv,
        min(stage) as stage
    from documents
    where json_extract(meta_small, '$.file') is not null
    group by json_extract(meta_small, '$.source_csv')
    having min(stage) = max(stage)
),

staged as (
    select
        case
            when bad_generations.source_csv = 'link' then 'draft'
            when bad_generations.source_csv in (select known.stage from known)
                then bad_generations.source_csv
            else sources.stage
        end as stage
    from bad_generations
    left join sources on bad_generations.source_csv = sources.source_csv
),

rejected as (
    select
        stage,
        count(*) as bad_rows
    from staged
    group by stage
),

of_histories as (
    select
        stage,
        row_number() over (
            order by
                case stage when 'generation' then 1 when 'judgement' then 2 else 3 end,
                stage
        ) as place
    from counted
    where stage not in (select known.stage from known)
),

shown as (
    select
        stage,
        position,
        stage as colour
    from known
    where
        not exists (select 1 from of_histories)
        or stage in (select counted.stage from counted)
        or stage in (select rejected.stage from rejected)
    union all
    select
        stage,
        3 + place as position,
        'more-' || cast(1 + (place - 1) % 4 as text) as colour
    from of_histories
)

select
    shown.stage,
    shown.position,
    shown.colour,
    coalesce(counted.documents, 0) as documents,
    coalesce(counted.logical_keys, 0) as logical_keys,
    coalesce(counted.parse_errors, 0) as parse_errors,
    coalesce(counted.links, 0) as links,
    coalesce(rejected.bad_rows, 0) as bad_rows
from shown
left join counted on shown.stage = counted.stage
left join rejected on shown.stage = rejected.stage
