-- One row per directory of a document, and per stray file or folder under docs/.
create table found (
    path varchar,
    is_document boolean,
    problem varchar,
    entries struct(name varchar, is_file boolean, bytes bigint)[],
    metadata varchar
);
