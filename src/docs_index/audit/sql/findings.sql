-- One row per thing that is wrong.
create table findings (code varchar, doc_id varchar, path varchar, detail varchar);
