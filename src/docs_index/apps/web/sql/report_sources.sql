-- One row per source of documents or rejected rows: a results table, a source of
-- histories.yml, or a program.
with counted as (
    select
        json_extract(meta_small, '$.source_csv') as source_csv,
        count(*) as documents,
        count(distinct json_extract(meta_small, '$.file')) as files,
        count(created_at) as with_time,
        count(score) as scores,
        0 as bad_rows
    from documents
    group by json_extract(meta_small, '$.source_csv')
    union all
    select
        source_csv,
        0 as documents,
        0 as files,
        0 as with_time,
        0 as scores,
        count(*) as bad_rows
    from bad_generations
    group by source_csv
)

select
    source_csv,
    sum(files) as files,
    sum(documents) as documents,
    sum(documents) - sum(with_time) as without_time,
    sum(scores) as scores,
    sum(bad_rows) as bad_rows
from counted
group by source_csv
order by
    source_csv not in ('draft', 'link', 'essay', 'evaluation'),
    source_csv
