"""All that speaks dbt or DuckDB: what a build is given, and what it left."""
