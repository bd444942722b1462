-- One row per stage. Legacy links are drafts.
with stages (stage, position) as (
    values ('draft', 1), ('essay', 2), ('evaluation', 3)
),

bad_rows as (
    select
        case source_csv when 'link' then 'draft' else source_csv end as stage,
        count(*) as bad_rows
    from bad_generations
    group by case source_csv when 'link' then 'draft' else source_csv end
)

select
    stages.stage,
    count(documents.doc_id) as documents,
    count(distinct documents.logical_key_id) as logical_keys,
    count(*) filter (where documents.status = 'parse_error') as parse_errors,
    count(*) filter (
        where json_extract(documents.meta_small, '$.source_csv') = 'link'
    ) as links,
    coalesce(bad_rows.bad_rows, 0) as bad_rows
from stages
left join documents on stages.stage = documents.stage
left join bad_rows on stages.stage = bad_rows.stage
group by stages.stage
order by stages.position
