-- One row per directory that documents live in, and per stray one; filled by the survey.
create table directories (
    doc_dir varchar,
    has_raw boolean,
    has_parsed boolean,
    has_prompt boolean,
    content_hash varchar
);
