-- One row per directory of a document, and per thing under docs/ that is none.
create table found (
    path varchar,
    is_document boolean,
    problem varchar,
    entries struct(name varchar, is_file boolean, bytes bigint)[],
    metadata varchar
);
