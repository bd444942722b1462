-- What is searched: words in the task's id and in the document's text.
create virtual table documents_fts using fts5 (task_id, text)
