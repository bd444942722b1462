"""Connect to DuckDB with one thread and little memory; load its sqlite extension."""

from pathlib import Path

import duckdb

from docs_index.errors import IndexFileError
from docs_index.quoting import literal


def connected(spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Return a new connection to an empty database in memory.

    What is larger than the limit goes to the folder `spill`.
    """
    db = duckdb.connect(config={"threads": 1, "memory_limit": "500MB"})
    if spill is not None:
        db.execute(f"set temp_directory = {literal(spill)}")
    return db


def load_extension(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the sqlite extension from its package's file; nothing is downloaded.

    Raises:
        IndexFileError: the package has none for this version of DuckDB.
    """
    # Imported here: few of those who connect need it.
    import duckdb_extension_sqlite_scanner  # type: ignore[import-untyped]

    package = Path(duckdb_extension_sqlite_scanner.__file__).parent
    found = sorted(package.glob("extensions/*/sqlite_scanner.duckdb_extension"))
    fitting = [path for path in found if path.parent.name == f"v{duckdb.__version__}"]
    if not fitting:
        raise IndexFileError(
            f"no sqlite extension for DuckDB {duckdb.__version__} in {package}: "
            "install docs-index again"
        )
    connection.execute(f"load {literal(fitting[0])}")
