"""The databases that models of the plan read besides the build, empty and in memory.

`stored` represents the index, `run` has what one run finds and does. A build attaches
both, so that views over them can be made and tested. A run attaches the index itself as
`stored`, and fills its own `run`: DuckDB binds a view when it is read. Nothing here
touches a file.
"""

import duckdb

from docs_index.index.schema import index_tables
from docs_index.resources import sql
from docs_index.warehouse.quoting import identifier

# Those that DuckDB's sqlite extension gives them: a view binds to no others.
_TYPES = {"text": "varchar", "integer": "bigint"}


def attach_stored(connection: duckdb.DuckDBPyConnection) -> None:
    """Attach an index without a row as `stored`."""
    connection.execute("attach ':memory:' as stored")
    for table, columns in index_tables().items():
        typed = (f"{identifier(name)} {_TYPES[kind]}" for name, kind in columns)
        connection.execute(f"create table stored.{table} ({', '.join(typed)})")


def attach_run(connection: duckdb.DuckDBPyConnection) -> None:
    """Attach the tables of a run, without a row, as `run`."""
    connection.execute("attach ':memory:' as run")
    connection.execute(sql("warehouse/run_tables.sql"))
