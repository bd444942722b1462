-- The pending documents of a phase that shards have already, filled by the next query.
create or replace table run.found_in_shards (
    write_order bigint,
    doc_id varchar,
    doc_dir varchar,
    content_hash varchar
)
