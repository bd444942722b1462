-- The search index: one row per document whose text could be read.
create virtual table texts using fts5(
    doc_id unindexed, task_id, text, tokenize = "unicode61 remove_diacritics 2"
);
