"""Turn the errors of SQLite inside DuckDB into errors that name the index.

Apart from `faults`, because the plugin of dbt must not know the index. Writes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from docs_index.disk.faults import Fault
from docs_index.errors import VERIFY, IndexFileError, LockedError, StorageError
from docs_index.index.database import damage_persists
from docs_index.warehouse.faults import fault_of_sqlite, first_line, is_interrupt


@contextmanager
def naming_index(path: Path) -> Iterator[None]:
    """Have the errors of SQLite inside DuckDB name the one SQLite file of a block.

    The block closes DuckDB's connection.

    Raises:
        LockedError, IndexFileError, StorageError: by the kind of the error.
    """
    try:
        yield
    except (duckdb.Error, RuntimeError) as error:  # the latter are from DuckDB, too
        fault = fault_of_sqlite(first_line(error))
        if fault is None or is_interrupt(error):
            raise
        message = f"{path}: {first_line(error)}"
        if fault is Fault.DAMAGED and damage_persists(path):
            raise IndexFileError(f"{message}; {VERIFY}") from error
        kind = LockedError if fault is Fault.LOCKED else StorageError
        raise kind(f"{message}; run again to complete") from error
