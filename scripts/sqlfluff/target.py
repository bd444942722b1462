"""What sqlfluff knows of dbt's `target` while it renders a model: that of DuckDB."""

type = "duckdb"
