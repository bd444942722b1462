-- The tables of one run: the source `run` of models/plan/_sources.yml, which describes
-- the columns. The rows of a view are copied to a table if they are read often, or if
-- the tables below the view change during the run.

create table run.planned (
    write_order bigint,
    stage varchar,
    doc_id varchar,
    run_id varchar,
    row_key varchar,
    task_id varchar,
    parent_doc_id varchar,
    status varchar,
    doc_dir varchar,
    raw_bytes bigint,
    content_hash varchar,
    conflict_kind varchar,
    conflict_detail varchar
);

create table run.known_documents (
    doc_id varchar,
    stage varchar,
    task_id varchar,
    row_key varchar,
    created_at varchar,
    content_hash varchar,
    source_csv varchar,
    row_index bigint,
    response_file varchar,
    is_new boolean
);

create table run.failed_writes (
    write_order bigint,
    kind varchar,
    detail varchar
);

create table run.listed_bad_rows (
    source_csv varchar,
    row_index varchar,
    row_key varchar,
    reason varchar,
    run_id varchar
);

create table run.indexed_documents (
    doc_id varchar,
    logical_key_id varchar,
    stage varchar,
    task_id varchar,
    parent_doc_id varchar,
    template_id varchar,
    model_id varchar,
    run_id varchar,
    row_key varchar,
    status varchar,
    created_at varchar,
    doc_dir varchar,
    raw_bytes bigint,
    parsed_chars bigint,
    content_hash varchar,
    source_csv varchar,
    row_index bigint,
    response_file varchar
);

create table run.directories (
    doc_dir varchar,
    has_raw boolean,
    has_parsed boolean,
    has_prompt boolean,
    content_hash varchar
);

create table run.consistency_rows (
    doc_id varchar,
    stage varchar,
    task_id varchar,
    doc_dir varchar,
    dir_exists boolean,
    missing_raw boolean,
    missing_parsed boolean,
    missing_prompt boolean,
    content_matches boolean
);

create table run.list_checksums (
    table_name varchar,
    row_count bigint,
    checksum varchar
);

create table run.stored_checksums (
    table_name varchar,
    row_count bigint,
    checksum varchar
);

create table run.absent_folders (
    folder varchar
);

create table run.source_rows (
    write_order bigint,
    source_csv varchar,
    row_index bigint,
    row_key varchar,
    task_id varchar,
    combo_id varchar,
    model_id varchar,
    occurred_at timestamp,
    stage varchar,
    reason varchar,
    response_file varchar,
    parsed_from bigint,
    parsed_bytes bigint,
    root_folder varchar,
    path varchar
);

create table run.candidate_files (
    root_folder varchar,
    path varchar
);

create table run.unnamed_files (
    root_folder varchar,
    path varchar,
    directory varchar,
    name varchar
);

create table run.likely_names (
    scope varchar,
    sought_name varchar,
    offered_name varchar
);

create table run.unusable_files (
    root_folder varchar,
    path varchar
);

create table run.prompts (
    write_order bigint,
    text varchar
);

create table run.draft_texts (
    row_key varchar,
    text varchar
);
