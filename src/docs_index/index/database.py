"""The SQLite index as a file: its schema, and what Python's sqlite3 does with it.

Creates the file, opens it and sorts the errors of opening it; adds no row. DuckDB's way
into it is `warehouse.sqlite_extension`, which says why the two keep apart. Nothing here
needs more than the standard library.
"""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from docs_index.disk.faults import Fault, fault_of
from docs_index.disk.publish import replacing
from docs_index.errors import VERIFY, IndexFileError, LockedError, StorageError
from docs_index.layout import Layout
from docs_index.resources import sql

APPLICATION_ID = 0x646F6373  # "docs"; PRAGMA application_id of the file
SCHEMA_VERSION = 3  # PRAGMA user_version
TABLES = set(re.findall(r"^create table (\w+)", sql("index/schema.sql"), re.MULTILINE))
_LOGS = ("-wal", "-shm", "-journal")  # what SQLite keeps next to a file
_SETTLING_TRIES = 20
_LOOK = "pragma schema_version"  # the least that opens the file


@dataclass(frozen=True)
class IndexState:
    """What is known of the index before a run; a killed run leaves it unsettled."""

    exists: bool
    is_settled: bool


def check_index(path: Path, *, named: Path | None = None) -> IndexState:
    """Tell whether the index exists, is usable, and was left as it should be.

    Messages call it `named`, where it is a copy of that.

    Raises:
        IndexFileError: the file is something else, or of a newer program.
        LockedError: another program keeps it to itself.
        StorageError: it cannot be read.
    """
    if not path.exists() or path.stat().st_size == 0:
        return IndexState(exists=False, is_settled=False)
    name = named or path
    if path.is_dir():
        raise IndexFileError(f"{name} is a folder; {_anew(name)}")
    try:
        with closing(_opened(path)) as connection:
            application = connection.execute("pragma application_id").fetchone()[0]
            version = connection.execute("pragma user_version").fetchone()[0]
            journal = connection.execute("pragma journal_mode").fetchone()[0]
            indexes = connection.execute(
                "select count(*) from sqlite_master where name like 'documents_by_%'"
            ).fetchone()[0]
    except UnicodeDecodeError as error:  # of SQLite's own words about the damage
        raise IndexFileError(f"{name} is damaged; {_anew(name)}") from error
    except sqlite3.DatabaseError as error:
        fault = fault_of(error)
        if fault is Fault.LOCKED:
            raise LockedError(f"{name} is in use by another program") from error
        if fault is not Fault.DAMAGED:
            raise StorageError(f"{name} cannot be read: {error}") from error
        raise IndexFileError(f"{name}: {error}; {_anew(name)}") from error
    if application != APPLICATION_ID:
        raise IndexFileError(f"{name} was made by another program; {_anew(name)}")
    if version != SCHEMA_VERSION:
        what_to_do = (
            f"{_REBUILD} {name} --replace"
            if version < SCHEMA_VERSION
            else "use the program that made it"
        )
        raise IndexFileError(
            f"{name} has schema version {version}, this program knows "
            f"{SCHEMA_VERSION}: {what_to_do}"
        )
    return IndexState(exists=True, is_settled=journal == "delete" and indexes == 5)


def _opened(path: Path) -> sqlite3.Connection:
    """Open the index for reading.

    What a killed process had begun to write is undone first. SQLite does so on a
    connection that may write, and refuses the file to one that may not.
    """
    connection = connected(path)
    try:
        connection.execute(_LOOK)
        return connection
    except sqlite3.DatabaseError as error:
        connection.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
            raise
    with closing(connected(path, "rw")) as writable:
        writable.execute(_LOOK)
    return connected(path)


def connected(path: Path, mode: str = "ro") -> sqlite3.Connection:
    """Connect to a file that is there, for reading only unless `mode` is `rw`."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=10)


_REBUILD = "rebuild it with scripts/reindex_docs.py --output"


def _anew(path: Path) -> str:
    return f"move it away, then {_REBUILD} {path}"


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the index for reading; nothing can be written through the connection.

    Raises:
        IndexFileError: there is none, or it is not of this program's version.
        LockedError: another program keeps it to itself.
    """
    if not check_index(path).exists:
        raise missing_index(path)
    with closing(connected(path)) as connection:
        try:
            yield connection
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            raise IndexFileError(f"{path}: {error}; {VERIFY}") from error


def missing_index(path: Path) -> IndexFileError:
    """Return the error of there being no index."""
    return IndexFileError(f"there is no index in {path.parent}: {_MAKE_ONE}")


def lost_index(layout: Layout, doc_dir: str) -> IndexFileError:
    """Return the error of a document that a new index would lack."""
    return IndexFileError(
        f"{layout.index} is missing, and a new one would lack documents that are "
        f"there, such as docs/{doc_dir}: {_REBUILD} {layout.index}, then run again"
    )


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether SQLite cannot read an index, or misses what every index has.

    The statements are this program's own, so one that fails has found another schema or
    value than it was written for; text that is not UTF-8 is an error without a code.
    """
    return fault_of(error) in (Fault.DAMAGED, Fault.STATEMENT, Fault.UNKNOWN)


_MAKE_ONE = (
    "run scripts/materialize_docs.py, or scripts/reindex_docs.py where there are "
    "documents already"
)


def create_index(path: Path) -> None:
    """Create the index without a row, all of it or nothing."""
    with replacing(path, keeps_mode=False) as unpublished:
        write_schema(unpublished)
        remove_logs(path)


def write_schema(path: Path) -> None:
    """Make a file that is not there an index without a row."""
    remove_logs(path)
    with _sqlite(path) as connection:
        connection.executescript(
            f"pragma journal_mode = memory; begin immediate; {sql('index/schema.sql')}"
            f"pragma application_id = {APPLICATION_ID};"
            f"pragma user_version = {SCHEMA_VERSION}; commit;"
        )


def remove_logs(path: Path) -> None:
    """Remove what SQLite keeps next to a file that is no longer there, or soon not."""
    for suffix in _LOGS:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def settle_index(path: Path) -> None:
    """Make the look-up indexes, and leave one file, without a log.

    While a reader keeps it open it stays in WAL mode, and the next run settles it.
    """
    with _sqlite(path) as connection:
        connection.executescript(sql("index/lookups.sql"))
        for _ in range(_SETTLING_TRIES):  # SQLite itself does not wait for readers here
            with suppress(sqlite3.OperationalError):
                connection.execute("pragma journal_mode = delete")
                return
            time.sleep(0.01)


@contextmanager
def _sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(path, timeout=10)) as connection:
            yield connection
    except sqlite3.OperationalError as error:
        raise StorageError(f"{path}: {error}; run again to complete") from error
