"""Attach the SQLite index to DuckDB.

Python's sqlite3 and DuckDB's extension are two SQLite libraries that do not see each
other's locks: with one file open in both in one process, the file is corrupted. So
sqlite3 (`index`) opens the index only before DuckDB attaches it and after DuckDB has
detached it. This module creates no index and changes no row.
"""

from pathlib import Path

import duckdb

from docs_index.disk.faults import Fault
from docs_index.errors import LockedError
from docs_index.quoting import literal
from docs_index.warehouse.faults import fault_of


def attach_index(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    *,
    read_only: bool,
    catalog: str = "stored",
) -> None:
    """Attach the index as `catalog`; for writing it is put into WAL mode.

    Raises:
        LockedError: another program keeps reading it, so its mode cannot change.
    """
    options = "read_only" if read_only else "journal_mode 'wal', busy_timeout 10000"
    connection.execute(f"attach {literal(path)} as {catalog} (type sqlite, {options})")
    if not read_only:
        try:
            connection.execute(f"select 1 from {catalog}.documents limit 0")  # opens it
        except (duckdb.Error, RuntimeError) as error:
            if fault_of(error) is not Fault.LOCKED:
                raise
            raise LockedError(
                f"{path} is in use by another program, which has been reading it for "
                "10 seconds: close it there, then run again"
            ) from error
