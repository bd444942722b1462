-- One row per document of found_in_shards: is what the shards $files have the same?
with packed as (
    select
        doc_id,
        doc_dir,
        sha256(raw) as content_hash
    from read_parquet($files)
)

select
    found.write_order,
    found.doc_dir,
    bool_and(
        coalesce(packed.content_hash = found.content_hash, false)
        and packed.doc_dir = found.doc_dir
    ) as is_same
from run.found_in_shards as found
inner join packed on found.doc_id = packed.doc_id
group by found.write_order, found.doc_dir
order by found.write_order
