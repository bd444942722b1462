"""The SQLite index as a file.

Owns creating the file, opening it with Python's sqlite3, and sorting the errors of
opening it. Adds no row. DuckDB opens the index through `warehouse.sqlite_extension`,
which says why both must not have it open in one process.
"""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from docs_index.disk.faults import Fault, fault_of
from docs_index.disk.publish import replacing
from docs_index.errors import (
    VERIFY,
    IndexFileError,
    LockedError,
    StorageError,
    first_few,
)
from docs_index.index.schema import differences
from docs_index.layout import Layout
from docs_index.resources import sql

APPLICATION_ID = 0x646F6373  # "docs"; PRAGMA application_id of the file
SCHEMA_VERSION = 3  # PRAGMA user_version
TABLES = set(re.findall(r"^create table (\w+)", sql("index/schema.sql"), re.MULTILINE))
_LOGS = ("-wal", "-shm", "-journal")  # the files that SQLite writes next to a database
_SETTLING_TRIES = 20
_LOOK = "pragma schema_version"  # the cheapest statement that opens the file


@dataclass(frozen=True)
class IndexState:
    """The state of the index before a run; a killed run leaves it unsettled."""

    exists: bool
    is_settled: bool


def check_index(path: Path, *, named: Path | None = None) -> IndexState:
    """Tell whether the index exists, can be used, and is settled.

    If `path` is a copy, messages name the original, `named`.

    Raises:
        IndexFileError: the file is not an index, or a newer program made it.
        LockedError: another program has locked it.
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
    except UnicodeDecodeError as error:  # SQLite's message quotes the damaged bytes
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


def refuse_foreign_schema(path: Path) -> None:
    """Check that the tables, look-up indexes and triggers are this program's own.

    A trigger of another program could drop rows that are inserted. Look-up indexes may
    be missing: a run makes them at its end.

    Raises:
        IndexFileError: something was added, changed or removed.
    """
    with closing(connected(path)) as connection:
        connection.text_factory = lambda text: text.decode(errors="backslashreplace")
        found = [each for each in differences(connection) if not each.is_made_last]
    if found:
        raise IndexFileError(
            f"{path} has not the schema that this program gave it:\n"
            f"{first_few(list(map(str, found)))}\n"
            f"nothing was written: undo that, or {_REBUILD} {path} --replace, then run "
            "again"
        )


def _opened(path: Path) -> sqlite3.Connection:
    """Open the index for reading.

    SQLite first undoes what a killed process had begun to write. It needs a connection
    that may write for that; a read-only connection fails.
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
    """Connect to an existing file, for reading only unless `mode` is `rw`."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=10)


_REBUILD = "rebuild it with scripts/reindex_docs.py --output"


def _anew(path: Path) -> str:
    return f"move it away, then {_REBUILD} {path}"


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the index for reading; nothing can be written through the connection.

    Raises:
        IndexFileError: the index is missing, or of another version of this program.
        LockedError: another program has locked it.
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
    """Return the error for a missing index."""
    return IndexFileError(f"there is no index in {path.parent}: {_MAKE_ONE}")


def lost_index(layout: Layout, doc_dir: str) -> IndexFileError:
    """Return the error for a missing index that a new one could not replace."""
    return IndexFileError(
        f"{layout.index} is missing, and a new one would lack documents that are "
        f"there, such as docs/{doc_dir}: {_REBUILD} {layout.index}, then run again"
    )


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether an error means that the index is damaged.

    The statements are this program's own: if one fails, the schema or a value is not
    what an index has. SQLite reports text that is not UTF-8 without an error code.
    """
    return fault_of(error) in (Fault.DAMAGED, Fault.STATEMENT, Fault.UNKNOWN)


_MAKE_ONE = (
    "run scripts/materialize_docs.py, or scripts/reindex_docs.py where there are "
    "documents already"
)


def create_index(path: Path) -> None:
    """Create an empty index, completely or not at all."""
    with replacing(path, keeps_mode=False) as unpublished:
        write_schema(unpublished)
        remove_logs(path)


def write_schema(path: Path) -> None:
    """Create a new file with the schema of the index, and no rows."""
    remove_logs(path)
    with _sqlite(path) as connection:
        connection.executescript(
            f"pragma journal_mode = memory; begin immediate; {sql('index/schema.sql')}"
            f"pragma application_id = {APPLICATION_ID};"
            f"pragma user_version = {SCHEMA_VERSION}; commit;"
        )


def remove_logs(path: Path) -> None:
    """Remove the log files of a database that has been or will be replaced."""
    for suffix in _LOGS:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def settle_index(path: Path) -> None:
    """Create the look-up indexes, and leave WAL mode, so that one file remains.

    If a reader has the index open, it stays in WAL mode, and the next run settles it.

    Raises:
        StorageError: the log cannot be taken over into the file.
    """
    with _sqlite(path) as connection:
        connection.executescript(sql("index/lookups.sql"))
        for _ in range(_SETTLING_TRIES):  # SQLite itself does not wait for readers here
            try:
                connection.execute("pragma journal_mode = delete")
                return
            except sqlite3.OperationalError as error:
                if fault_of(error) is not Fault.LOCKED:
                    raise
            time.sleep(0.01)


def end_run(path: Path) -> None:
    """Record that a run has ended: the documents are old, the bad list is written.

    If a reader has the index open for too long, the next run records it.

    Raises:
        StorageError: the index cannot be written.
    """
    with closing(connected(path)) as connection:
        is_due = connection.execute(sql("index/run_is_open.sql")).fetchone()
    if is_due:
        with _sqlite(path) as connection:
            try:
                with connection:
                    connection.execute(sql("index/end_run.sql"))
            except sqlite3.OperationalError as error:
                if fault_of(error) is not Fault.LOCKED:
                    raise


@contextmanager
def _sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(path, timeout=10)) as connection:
            yield connection
    except sqlite3.OperationalError as error:
        raise StorageError(f"{path}: {error}; run again to complete") from error
