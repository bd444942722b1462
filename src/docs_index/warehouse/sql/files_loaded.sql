-- One row per CSV file that a build asked for, found or not.
create or replace temp table files_loaded (
    data_root varchar,
    path varchar,
    is_present boolean,
    data_rows bigint,
    size_bytes bigint,
    content_hash varchar
);
