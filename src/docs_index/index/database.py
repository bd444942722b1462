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
from docs_index.disk.publish import replacing, sync
from docs_index.errors import (
    VERIFY,
    DocsIndexError,
    IndexFileError,
    LockedError,
    StorageError,
    first_few,
)
from docs_index.index.schema import differences
from docs_index.index.storage import Storage, read_storage, storage_on_disk
from docs_index.layout import Layout, LayoutKind
from docs_index.paths import is_folder, is_there, naming
from docs_index.resources import sql

APPLICATION_ID = 0x646F6373  # "docs"; PRAGMA application_id of the file
# PRAGMA user_version; before 6, all index rows were in this file.
SCHEMA_VERSION = 6
TABLES = set(re.findall(r"^create table (\w+)", sql("index/schema.sql"), re.MULTILINE))
_LOGS = ("-wal", "-shm", "-journal")  # the files that SQLite writes next to a database
_SETTLING_TRIES = 20
_LOOK = "pragma schema_version"  # the cheapest statement that opens the file


@dataclass(frozen=True)
class IndexState:
    """The state of the index before a run; a killed run leaves it unsettled.

    `storage` is None if the index does not exist, or does not say it.
    """

    exists: bool
    is_settled: bool
    storage: Storage | None = None


def check_index(path: Path, *, named: Path | None = None) -> IndexState:
    """Tell whether the index exists, can be used, and is settled.

    If `path` is a copy, messages name the original, `named`.

    Raises:
        IndexFileError: the file is not an index, or another version of this program
            made it.
        LockedError: another program has locked it.
        StorageError: it cannot be read.
    """
    if not has_index(path):
        return IndexState(exists=False, is_settled=False)
    name = named or path
    if is_folder(path):
        raise IndexFileError(f"{name} is a folder; {_anew(name)}")
    try:
        with closing(_opened(path)) as connection:
            application = connection.execute("pragma application_id").fetchone()[0]
            version = connection.execute("pragma user_version").fetchone()[0]
            journal = connection.execute("pragma journal_mode").fetchone()[0]
            indexes = connection.execute(
                "select count(*) from sqlite_master where name like 'documents_by_%'"
            ).fetchone()[0]
            storage = _storage_if_readable(path, connection)
    except UnicodeDecodeError as error:  # SQLite's message quotes the damaged bytes
        raise IndexFileError(f"{name} is damaged; {_anew(name)}") from error
    except sqlite3.DatabaseError as error:
        fault = fault_of(error)
        if fault is Fault.LOCKED:
            raise LockedError(f"{name} is in use by another program") from error
        if fault is not Fault.DAMAGED or not damage_persists(path):
            raise StorageError(f"{name} cannot be read: {error}") from error
        raise IndexFileError(f"{name}: {error}; {_anew(name)}") from error
    if application != APPLICATION_ID:
        raise IndexFileError(f"{name} was made by another program; {_anew(name)}")
    if version != SCHEMA_VERSION:
        what_to_do = (
            f"an older version of this program made it, so start a new index: "
            f"move {name}, docs/ and 7_cross_experiment/bad_generations.csv away, then "
            "run `docs-index run`"
            if version < SCHEMA_VERSION
            else "use the program that made it"
        )
        raise IndexFileError(
            f"{name} has schema version {version}, this program knows "
            f"{SCHEMA_VERSION}: {what_to_do}"
        )
    is_settled = journal == "delete" and indexes == 5
    return IndexState(exists=True, is_settled=is_settled, storage=storage)


def refuse_foreign_schema(path: Path, *, named: Path | None = None) -> None:
    """Check that the tables, look-up indexes and triggers are this program's own.

    A trigger of another program could drop rows that are inserted. Look-up indexes may
    be missing: a run makes them at its end. If
    `path` is a copy, messages name the original, `named`.

    Raises:
        IndexFileError: something was added, changed or removed.
    """
    with closing(connected(path)) as connection:
        connection.text_factory = lambda text: text.decode(errors="backslashreplace")
        found = [each for each in differences(connection) if not each.is_made_last]
    if found:
        name = named or path
        raise IndexFileError(
            f"{name} does not have the schema that this program gave it:\n"
            f"{first_few(list(map(str, found)))}\n"
            f"nothing was written: undo that, or {_REBUILD} {name} --replace, then "
            "run again"
        )


def has_index(path: Path) -> bool:
    """Tell whether there is an index; an empty file counts as none."""
    return is_there(path) and path.stat().st_size > 0


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


_REBUILD = "rebuild it with docs-index reindex --output"


def _anew(path: Path) -> str:
    return f"move it away, then {_REBUILD} {path}"


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an index that `check_index` has checked; nothing can be written to it.

    Raises:
        IndexFileError: it is damaged.
        LockedError: another program has locked it.
        StorageError: it cannot be read.
    """
    with closing(connected(path)) as connection:
        try:
            yield connection
        except sqlite3.DatabaseError as error:
            raise _of_index(path, error) from error


def missing_index(path: Path) -> IndexFileError:
    """Return the error for a missing index."""
    return IndexFileError(f"there is no index in {path.parent}: {_MAKE_ONE}")


def lost_index(layout: Layout, doc_dir: str) -> IndexFileError:
    """Return the error for a missing index that a new one could not replace."""
    return IndexFileError(
        f"{layout.index} is missing, and a new one would lack documents that are "
        f"there, such as docs/{doc_dir}: {_REBUILD} {layout.index}, then run again"
    )


def _of_index(path: Path, error: sqlite3.DatabaseError) -> DocsIndexError:
    """Return the error for a failing statement, by the fault and with the file."""
    fault = fault_of(error)
    if is_damage(error) and not (fault is Fault.DAMAGED and not damage_persists(path)):
        return IndexFileError(f"{path}: {error}; {VERIFY}")
    kind = LockedError if fault is Fault.LOCKED else StorageError
    return kind(f"{path}: {error}; run again to complete")


def damage_persists(path: Path) -> bool:
    """Tell whether a file is damaged that SQLite has called so once.

    SQLite says the same of a page that the system failed to read, perhaps only once.
    DuckDB must not have the file open.

    Raises:
        OSError: the file still cannot be read.
    """
    if not is_there(path):
        return False
    with naming(path), path.open("rb") as file:
        while file.read(2**20):
            pass
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("pragma integrity_check(1)").fetchall()
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return True
    return found != [("ok",)]


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether an error means that the index is damaged.

    The statements are this program's own: if one fails, the schema or a value is not
    what an index has. SQLite reports text that is not UTF-8 without an error code.
    """
    return fault_of(error) in (Fault.DAMAGED, Fault.STATEMENT, Fault.UNKNOWN)


_MAKE_ONE = (
    "run `docs-index run`, or `docs-index reindex` where there are documents already"
)


def create_index(path: Path, storage: Storage) -> None:
    """Create an empty index, completely or not at all, and durably."""
    with replacing(path, keeps_mode=False) as unpublished:
        write_schema(unpublished, storage)
        remove_logs(path)
    sync(path.parent)
    sync(path.parent.parent)  # the folder may be as new


def write_schema(path: Path, storage: Storage) -> None:
    """Create a new file with the schema of the index, and no documents."""
    remove_logs(path)
    with _sqlite(path) as connection:
        connection.executescript(
            f"pragma journal_mode = memory; begin immediate; {sql('index/schema.sql')}"
            f"pragma application_id = {APPLICATION_ID};"
            f"pragma user_version = {SCHEMA_VERSION};"
            f"insert into storage values {tuple(storage)}; commit;"
        )


def _storage_if_readable(path: Path, index: sqlite3.Connection) -> Storage | None:
    """Return how documents are stored, None too if that page of the file is damaged.

    Then `verify` can still say what else is damaged.
    """
    try:
        return read_storage(index)
    except sqlite3.DatabaseError as error:
        if fault_of(error) is Fault.DAMAGED and damage_persists(path):
            return None
        raise


def storage_of_root(layout: Layout) -> Storage:
    """Return how the documents of a data root are stored.

    The index says it, or, where it is lost, the disk.

    Raises:
        IndexFileError: the index is not a database of this program.
    """
    return check_index(layout.index).storage or storage_on_disk(layout)


def store_kind(path: Path, kind: LayoutKind) -> None:
    """Change how documents are stored, durably: from now on, readers follow it.

    Raises:
        StorageError: the index cannot be written.
    """
    with _sqlite(path) as connection:
        connection.execute("pragma synchronous = extra")
        with connection:
            connection.execute("delete from storage")
            connection.execute("insert into storage values (?, ?)", Storage(kind))


def remove_logs(path: Path) -> None:
    """Remove the log files of a database that has been or will be replaced."""
    for suffix in _LOGS:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def settle_index(path: Path) -> None:
    """Create the look-up indexes, and leave WAL mode, so that one file remains.

    After that a power cut takes nothing back: the removal of the log is synced. If a
    reader has the index open, it stays in WAL mode, and the next run settles it.

    Raises:
        StorageError: the log cannot be taken over into the file.
    """
    with _sqlite(path) as connection:
        connection.executescript(sql("index/lookups.sql"))
        for _ in range(_SETTLING_TRIES):  # SQLite itself does not wait for readers here
            try:
                connection.execute("pragma journal_mode = delete")
                break
            except sqlite3.OperationalError as error:
                if fault_of(error) is not Fault.LOCKED:
                    raise
            time.sleep(0.01)
    sync(path.parent)


def end_run(path: Path, documents: int) -> None:
    """Record that a run has ended: the documents are old, the bad list is written.

    `documents` is how many there are. If a reader has the index open for too long, the
    next run records it.

    Raises:
        StorageError: the index cannot be written.
    """
    counted = {"documents": documents}
    with closing(connected(path)) as connection:
        is_due = connection.execute(sql("index/run_is_open.sql"), counted).fetchone()
    if is_due:
        with _sqlite(path) as connection:
            try:
                with connection:
                    connection.execute(sql("index/end_run.sql"), counted)
            except sqlite3.OperationalError as error:
                if fault_of(error) is not Fault.LOCKED:
                    raise


@contextmanager
def _sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(path, timeout=10)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        raise _of_index(path, error) from error
