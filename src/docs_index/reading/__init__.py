"""Look things up in the index: what `docs-index` does.

`cli` has the commands. Some modules ask the index (`asking`, `counts`, `search`,
`trees`, `why`), others show what those tell (`showing`, `views`, `why_view`).

Everything here needs the SQLite file alone, and starts at once: neither dbt nor DuckDB
is imported, but for one thing, writing Parquet.
"""
