"""Attach the SQLite index to DuckDB.

Python's sqlite3 and DuckDB's extension are two SQLite libraries that do not see each
other's locks: with one file open in both in one process, the file is corrupted. So
sqlite3 (`index`) opens the index only before DuckDB attaches it and after DuckDB has
detached it. This module creates no index and changes no row.
"""

from pathlib import Path

import duckdb
import duckdb_extension_sqlite_scanner  # type: ignore[import-untyped]

from docs_index.disk.faults import Fault
from docs_index.errors import IndexFileError, LockedError
from docs_index.quoting import literal
from docs_index.warehouse.faults import fault_of


def load_extension(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the sqlite extension from its package's file; nothing is downloaded."""
    package = Path(duckdb_extension_sqlite_scanner.__file__).parent
    found = sorted(package.glob("extensions/*/sqlite_scanner.duckdb_extension"))
    fitting = [path for path in found if path.parent.name == f"v{duckdb.__version__}"]
    if not fitting:
        raise IndexFileError(
            f"no sqlite extension for DuckDB {duckdb.__version__} in {package}: "
            "install docs-index again"
        )
    connection.execute(f"load {literal(fitting[0])}")


def attach_index(
    connection: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool
) -> None:
    """Attach the index as `stored`; for writing it is put into WAL mode.

    Raises:
        LockedError: another program keeps reading it, so its mode cannot change.
    """
    options = "read_only" if read_only else "journal_mode 'wal', busy_timeout 10000"
    connection.execute(f"attach {literal(path)} as stored (type sqlite, {options})")
    if not read_only:
        try:
            connection.execute("select 1 from stored.documents limit 0")  # opens it
        except (duckdb.Error, RuntimeError) as error:
            if fault_of(error) is not Fault.LOCKED:
                raise
            raise LockedError(
                f"{path} is in use by another program, which has been reading it for "
                "10 seconds: close it there, then run again"
            ) from error
