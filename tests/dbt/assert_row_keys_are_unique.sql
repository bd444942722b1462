-- Fails when two attempts of a build, of one source or of two, have the same row_key,
-- or a row_key is not of its own source. A build has one run_id, so this proves
-- (run_id, row_key) and (source, row_key) alike; doc_ids are made of both.
-- Does not check that a row_key outlives a reordered CSV; a unit test does.
with repaired as (select * from {{ ref("int_rows__repaired") }}),

repeated as (
    select row_key
    from repaired
    where row_key is not null
    group by row_key
    having count(*) > 1
)

select
    repaired.row_key,
    repaired.source_csv,
    repaired.row_index
from repaired
left join repeated on repaired.row_key = repeated.row_key
where
    repeated.row_key is not null
    or not {{ begins_with("repaired.row_key", "repaired.source_csv || ':'") }}
