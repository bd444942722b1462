-- The index, as its readers see it. What each column means is in the table
-- column_descriptions, which every run fills from the project's own descriptions.

create table documents (
    doc_id text not null primary key,
    logical_key_id text not null,
    stage text not null check (
        stage glob '[a-z]*' and stage not glob '*[^a-z0-9_]*'
    ),
    task_id text not null,
    parent_doc_id text references documents (doc_id),
    template_id text not null,
    model_id text not null,
    run_id text not null,
    row_key text not null,
    parser text,
    status text not null check (status in ('ok', 'parse_error')),
    created_at text,
    doc_dir text not null,
    raw_bytes integer not null check (raw_bytes >= 0),
    raw_chars integer not null check (raw_chars >= 0),
    parsed_chars integer check ((parsed_chars is null) = (status = 'parse_error')),
    content_hash text not null check (length(content_hash) = 64),
    score real,
    meta_small text not null check (json_valid(meta_small))
);

-- What a document was made from, and what it judges; parent_doc_id is the first.
create table document_links (
    doc_id text not null references documents (doc_id),
    role text not null check (role in ('follows', 'target')),
    position integer not null check (position > 0),
    linked_doc_id text not null references documents (doc_id),
    primary key (doc_id, role, position)
);

-- No document is ever updated or deleted, by whatever program.
create trigger documents_are_never_updated before update on documents
begin
    select raise(abort, 'documents are never updated: a new run_id takes rows again');
end;

create trigger documents_are_never_deleted before delete on documents
begin
    select raise(abort, 'documents are never deleted');
end;

-- The current lists: what the last run found, replaced by the next.

create table bad_generations (
    source_csv text not null,
    row_index integer not null,
    row_key text,
    task_id text,
    reason text not null,
    detail text not null,
    combo_id text,
    template_id text,
    model_id text,
    timestamp text,
    response_file text,
    logical_key_id text,
    run_id text not null,
    primary key (source_csv, row_index)
);

create table link_candidates (
    stream integer not null,
    place integer not null,
    link_method text not null check (
        link_method in ('timestamp_join', 'essay_task_id', 'generation_task_id')
    ),
    role text not null check (role in ('candidate', 'question')),
    source_csv text not null,
    row_index integer not null,
    created_at text not null,
    doc_id text,
    chosen_place integer,
    primary key (stream, place)
);

create table backfill_conflicts (
    kind text not null check (
        kind in ('lineage_changed', 'directory_conflict', 'response_changed')
    ),
    run_id text not null,
    row_key text not null,
    doc_id text not null primary key,
    detail text not null
);

create table backfill_notices (
    kind text not null check (
        kind in ('row_changed', 'row_now_bad', 'row_vanished', 'same_text_again')
    ),
    run_id text not null,
    source_csv text not null,
    row_key text not null,
    doc_id text not null,
    detail text not null,
    primary key (kind, doc_id)
);

create table backfill_counters (
    counter text not null primary key,
    value integer not null
);

create table column_descriptions (
    table_name text not null,
    position integer not null,
    column_name text not null,
    description text not null,
    primary key (table_name, column_name)
);

-- What the lists above held when they were written: damage to them shows against it.
create table list_checksums (
    table_name text not null primary key,
    row_count integer not null,
    checksum text not null
);

-- One row: what the last run left, and, while a run is at work, what it is about to
-- leave. The documents up to the number `documents` are older than that run.
create table run_record (
    documents integer not null,
    listed_rows integer,
    listed_hash text,
    replaced_hash text
);

-- One row: whether a document is a directory, or a row of a shard (docs/packed.md), and
-- whether its index row is in this file, or in Parquet (docs/scale.md).
create table storage (
    layout text not null check (layout in ('directories', 'packed')),
    index_format text not null check (index_format in ('sqlite', 'parquet')),
    check (index_format = 'sqlite' or layout = 'packed')
);
