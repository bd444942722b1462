-- What is searched: words in the task's id and in the document's text. A row has the
-- number (rowid) of its document, and `taken_in` says which document that is.
create virtual table if not exists documents_fts using fts5 (
    task_id, text, tokenize = 'unicode61 remove_diacritics 2'
);

create table if not exists taken_in (
    number integer primary key,
    doc_id text not null
);
