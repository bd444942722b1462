"""The stand-ins: empty databases in memory that the models of the plan read.

`stored` represents the index, `run` has what one run finds and does. A build attaches
both, so that views over them can be made and tested. A run attaches the index itself as
`stored`, and fills its own `run`: DuckDB binds a view when it is read. Nothing here
touches a file.
"""

import duckdb

from docs_index.index.schema import index_tables
from docs_index.quoting import identifier
from docs_index.resources import sql

# The types of DuckDB's sqlite extension: a view binds only to columns of these types.
_TYPES = {"text": "varchar", "integer": "bigint", "real": "double"}


def attach_stored(connection: duckdb.DuckDBPyConnection) -> None:
    """Attach an empty index as `stored`."""
    connection.execute("attach ':memory:' as stored")
    for table, columns in index_tables().items():
        typed = (f"{identifier(name)} {_TYPES[kind]}" for name, kind in columns)
        connection.execute(f"create table stored.{table} ({', '.join(typed)})")


def attach_run(connection: duckdb.DuckDBPyConnection) -> None:
    """Attach the empty tables of a run as `run`."""
    connection.execute("attach ':memory:' as run")
    connection.execute(sql("warehouse/run_tables.sql"))
