"""Copy the index as it is at one moment.

A reader must not delay a run, and two SQLite libraries must not share a file (see
`warehouse.sqlite_extension`). Therefore audit, report and browser read a copy. The
index itself is never written.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from docs_index.disk.confined import open_file
from docs_index.disk.faults import Fault, fault_of
from docs_index.disk.lock import holder_of, shared_lock
from docs_index.disk.scratch import scratch_folder
from docs_index.errors import IndexRowsError, LockedError, StorageError
from docs_index.index.database import check_index, connected, missing_index
from docs_index.index.schema import index_tables
from docs_index.index.storage import read_storage
from docs_index.layout import Layout
from docs_index.packs.manifest import INDEX_TABLES
from docs_index.paths import is_of_a_path, is_there, naming

PATIENCE_S = 2.0  # for a program that adds documents: it takes milliseconds for each
_LOGS = ("-wal", "-journal")
_TRIES = 20


def copy_index(layout: Layout, folder: Path) -> Path:
    """Copy the index to a folder, as of one moment, and return the copy, in SQLite.

    Rows that are in Parquet become rows of the copy.

    Raises:
        IndexFileError: the index is missing, or is not a database of this program.
        IndexRowsError: rows that are in Parquet are lost or damaged.
        LockedError: without the lock, the index changed during each of many copies.
        StorageError: it cannot be read.
    """
    copy = copy_file(layout, folder)
    if (recorded := _rows_in_parquet(copy)) is not None:
        try:
            _take_in_rows(layout, copy, recorded)
        except IndexRowsError:
            if _rows_in_parquet(layout.index) is None:  # another program moved them
                return copy_file(layout, folder)
            raise
    return copy


def _rows_in_parquet(path: Path) -> int | None:
    """Return how many rows the last run has left in Parquet, None if it is SQLite."""
    with suppress(sqlite3.DatabaseError), closing(connected(path)) as index:
        storage = read_storage(index)
        if storage is not None and storage.index_format == "parquet":
            recorded = index.execute("select documents from run_record").fetchone()
            return recorded[0] if recorded else 0
    return None


def _take_in_rows(layout: Layout, copy: Path, recorded: int) -> None:
    """Insert the rows that are in Parquet into a copy, in their order."""
    from docs_index.packs.index_rows import check_rows, rows_in_order

    check_rows(layout, recorded)
    with closing(sqlite3.connect(copy)) as index:
        index.execute("pragma synchronous = off")
        try:
            with index:
                for table in INDEX_TABLES:
                    values = ", ".join("?" for _ in index_tables()[table])
                    insert = f"insert into {table} values ({values})"
                    for rows in rows_in_order(layout, table, copy.parent):
                        index.executemany(insert, (row[1:] for row in rows))
        except sqlite3.IntegrityError as error:
            message = f"{layout.packs} has index rows that break a rule: {error}"
            raise IndexRowsError(message) from error


def copy_file(layout: Layout, folder: Path) -> Path:
    """Copy the SQLite file of the index as of one moment, and return the copy.

    The copy is made under the shared lock of the data root, so that no program is in
    the middle of adding a document. A run holds the lock for long: then, and where the
    lock cannot be had, the copy is made without it.

    If a killed run left a log or a journal, these files are copied too, and SQLite
    applies them to the copy. Opening the index itself would change files next to it, as
    it would in WAL mode.

    Raises:
        IndexFileError: the index is missing, or is not a database of this program.
        LockedError: without the lock, the index changed during each of many copies.
    """
    copy = folder / layout.index.name
    with shared_lock(layout.lock, PATIENCE_S) as is_locked:
        for _ in range(_TRIES):
            before = _state(layout.index)
            is_quiet = is_locked or not holder_of(layout.lock)
            if not (is_quiet and _must_be_copied_as_files(layout.index)):
                return _backed_up(layout, copy)
            with suppress(FileNotFoundError):  # a log that a writer has removed
                _copy_files(layout.index, copy)
                if is_locked or _state(layout.index) == before:
                    check_index(copy, named=layout.index)
                    return copy
    raise LockedError(f"{layout.index} keeps changing: another program writes to it")


def _must_be_copied_as_files(index: Path) -> bool:
    has_log = any(map(is_there, _files(index)[1:]))
    return is_there(index) and (has_log or _is_in_wal_mode(index))


def _copy_files(index: Path, copy: Path) -> None:
    for old in _files(copy):
        old.unlink(missing_ok=True)
    for path, target in zip(_files(index), _files(copy), strict=True):
        if path == index or is_there(path):
            with naming(path):
                shutil.copyfile(path, target)


def _files(database: Path) -> list[Path]:
    """Return the paths of a database and of its log files, which need not exist."""
    logs = [database.with_name(f"{database.name}{suffix}") for suffix in _LOGS]
    return [database, *logs]


def _state(index: Path) -> list[tuple[int, int, int] | None]:
    """Return a value that changes when the index or one of its log files does."""
    found: list[tuple[int, int, int] | None] = []
    for path in _files(index):
        try:
            status = path.stat()
        except FileNotFoundError:
            found.append(None)
        else:
            found.append((status.st_ino, status.st_mtime_ns, status.st_size))
    return found


def _backed_up(layout: Layout, copy: Path) -> Path:
    if not check_index(layout.index).exists:
        raise missing_index(layout.index)
    try:
        with (
            closing(connected(layout.index)) as original,
            closing(sqlite3.connect(copy)) as target,
        ):
            original.backup(target)
    except sqlite3.OperationalError as error:
        raise StorageError(f"{layout.index} cannot be copied: {error}") from error
    except sqlite3.DatabaseError:  # the file is cut off, and has no page to copy
        shutil.copyfile(layout.index, copy)
    return copy


@contextmanager
def readable_index(layout: Layout) -> Iterator[Path]:
    """Yield the index, or for a block a copy, where it cannot be read as it is.

    To read a file in WAL mode, or one that a killed program has begun to write, SQLite
    writes files next to it. A user who may not do that reads a copy.

    Raises:
        IndexFileError: the index is not a database of this program.
    """
    if _can_be_read(layout.index):
        yield layout.index
        return
    with scratch_folder(layout.root) as folder:
        yield copy_file(layout, folder)


def _can_be_read(path: Path) -> bool:
    has_logs = any(is_there(f"{path}{each}") for each in _LOGS)
    if not has_logs and not _is_in_wal_mode(path):
        return True
    try:
        with closing(connected(path)) as connection:
            connection.execute("select 1 from sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        is_writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
        return is_writable or fault_of(error) is Fault.LOCKED
    except sqlite3.DatabaseError:
        return True  # its reader says what is wrong
    return True


def _is_in_wal_mode(path: Path) -> bool:
    """Read the mode from the file's header: opening the database would create a log."""
    try:
        descriptor, _ = open_file(path, follow=True)
    except OSError as error:
        if is_of_a_path(error):
            return False
        raise
    with naming(path), open(descriptor, "rb") as file:
        return file.read(20)[18:] == b"\2\2"
