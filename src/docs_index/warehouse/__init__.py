"""The use of dbt and DuckDB: the inputs of a build, and the database it leaves.

Owns the dbt plugin, the reading of CSV tables and response files for the models, the
parsers as SQL, the build record, and the connection over build and index. `rendered/`
has SQL that `make sql` generates from `analyses/`.

May write `db/build.duckdb`, CSV files that a caller names, and, through DuckDB's
extension, the index while no sqlite3 connection of this process has it open. Reads the
results tables, the response files and the generation store.

Never decides what becomes of a row: the models do. Never writes a document.
"""
