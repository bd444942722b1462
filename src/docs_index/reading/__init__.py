"""Look things up in the index: what `docs-index` does, one module a command.

Everything here needs the SQLite file alone, and starts at once: neither dbt nor DuckDB
is imported, but for one thing, writing Parquet.
"""
