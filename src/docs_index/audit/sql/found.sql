-- One row per document on disk, and per stray file or folder under docs/. `code` is of
-- a finding that the inspector has made. A packed document is the row `shard_row` of
-- its shard, which is in the manifest at `shard_place`, and has the doc_id `row_id`.
create table found (
    path varchar,
    is_document boolean,
    problem varchar,
    entries struct(name varchar, is_file boolean, bytes bigint)[],
    metadata varchar,
    code varchar,
    detail varchar,
    shard varchar,
    shard_place bigint,
    shard_row bigint,
    row_id varchar
);

-- One row per shard, of the manifest and on disk. What a shard lacks that the manifest
-- does not name is null.
create table shards (
    file varchar,
    stage varchar,
    first_id varchar,
    last_id varchar,
    documents bigint,
    bytes bigint,
    sha256 varchar,
    is_listed boolean,
    is_there boolean,
    found_bytes bigint,
    found_sha256 varchar,
    problem varchar
);
