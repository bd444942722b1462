-- Fills found_in_shards from the shards $files. Of these only the ids are read.
insert into run.found_in_shards
with packed as (select doc_id from read_parquet($files))

select
    pending.write_order,
    pending.doc_id,
    pending.doc_dir,
    pending.content_hash
from build.plan.pending as pending
where
    pending.write_order between $first and $last
    and pending.doc_id in (select packed.doc_id from packed)
