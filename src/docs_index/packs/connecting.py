"""Connect to DuckDB with one thread, and a limit of memory."""

import duckdb


def connected() -> duckdb.DuckDBPyConnection:
    """Return a new connection to an empty database in memory."""
    return duckdb.connect(config={"threads": 1, "memory_limit": "500MB"})
