"""The SQLite index: its schema, its ids, reading it, and adding a row.

Owns the file `db/documents.sqlite` as Python's sqlite3 sees it, the search index made
from it, and the documents that programs add at run time. Its SQL is SQLite's.

May touch the index, the directories under `docs/` and, for a program that asks for it,
a legacy file below the folder of the responses. It needs the standard library alone.

Never imports DuckDB, dbt or a terminal, and never updates or deletes a document.
"""
