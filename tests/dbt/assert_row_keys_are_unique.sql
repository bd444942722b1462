-- Fails when two attempts of a build, of one source or of two, have the same row_key,
-- or a row_key is not of its own source. A build has one run_id, so this proves
-- (run_id, row_key) and (source, row_key) alike; doc_ids are made of both.
-- Does not check that a row_key outlives a reordered CSV; a unit test does.
with classified as (select * from {{ ref("int_rows__classified") }}),

repeated as (
    select row_key
    from classified
    where row_key is not null
    group by row_key
    having count(*) > 1
)

select
    classified.row_key,
    classified.source_csv,
    classified.row_index
from classified
left join repeated on classified.row_key = repeated.row_key
where
    repeated.row_key is not null
    or not starts_with(classified.row_key, classified.source_csv || ':')
