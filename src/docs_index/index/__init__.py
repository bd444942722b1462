"""The SQLite index: its schema and ids, reading it, and adding rows.

Owns all access to `db/documents.sqlite` through Python's sqlite3, the search index made
from it, and the documents that programs add at run time. Its SQL is SQLite's.

May touch the index, the directories under `docs/` and, if a program asks for it, a
legacy file below the folder of the responses. It needs the standard library alone, but
for index rows in Parquet, which `packs` reads and writes.

Never imports DuckDB, dbt or a terminal, and never updates or deletes a document.
"""
