-- One row per document of found_in_shards: is what the shards $files have the same?
select
    found.write_order,
    found.doc_dir,
    bool_and(
        coalesce(sha256(packed.raw) = found.content_hash, false)
        and packed.doc_dir = found.doc_dir
    ) as is_same
from run.found_in_shards as found
inner join read_parquet($files) as packed on found.doc_id = packed.doc_id
group by found.write_order, found.doc_dir
order by found.write_order
