"""Everything that speaks dbt or DuckDB: what a build is given, and what it left.

Owns the dbt plugin, the reading of CSV tables and response files for the models, the
parsers as SQL, the build record, and the connection over build and index. `rendered/`
has SQL that `make sql` generates from `analyses/`.

May touch `db/build.duckdb` and, through DuckDB's extension, the index while no sqlite3
connection of this process has it open; and CSV files that a caller names. It reads the
tables, the response files and the generation store.

Never decides what becomes of a row: the models do. Never writes a document.
"""
