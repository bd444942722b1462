-- What is to be done: the build against the index, as tables of this connection.

-- One row per document of this run_id that is in the index.
create table known as
select
    doc_id,
    row_key
from stored.documents
where run_id = getvariable('run_id');

-- One row per document that needs a person, with what happened; it is not ingested.
-- A source row has one document per run_id for good: another doc_id for it means that
-- its lineage or its key has changed, and so has that of whatever hangs on it.
create table conflicts as
with recursive changed as (
    select
        'lineage_changed' as kind,
        built.run_id,
        built.row_key,
        built.doc_id,
        'this row is in the index as ' || known.doc_id
        || '; the build derives another parent or key: a new run_id takes it in'
            as detail
    from build.main.documents as built
    inner join known on built.row_key = known.row_key and built.doc_id != known.doc_id
    union all
    select
        'lineage_changed' as kind,
        child.run_id,
        child.row_key,
        child.doc_id,
        'its parent ' || changed.doc_id || ' is not in the index: its lineage has changed'
            as detail
    from changed
    inner join build.main.documents as child on changed.doc_id = child.parent_doc_id
    where not exists (select 1 from known where known.row_key = child.row_key)
)

select * from changed;

-- One row per document to ingest; `write_order` says in which order that is done.
create table pending as
select
    write_order,
    stage,
    doc_id,
    run_id,
    row_key,
    task_id,
    parent_doc_id,
    status,
    doc_dir,
    raw_bytes,
    content_hash
from build.main.documents as built
where
    not exists (select 1 from known where known.doc_id = built.doc_id)
    and not exists (select 1 from conflicts where conflicts.doc_id = built.doc_id);

-- One row per document that could not be placed in this run.
create table failed (write_order bigint, kind varchar, detail varchar);
