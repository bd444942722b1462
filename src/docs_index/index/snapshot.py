"""Copy the index as it is at one moment.

A reader must not delay a run, and two SQLite libraries must not share a file (see
`warehouse.sqlite_extension`). Therefore audit, report and browser read a copy. The
index itself is never written.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from docs_index.disk.confined import open_file
from docs_index.disk.faults import Fault, fault_of
from docs_index.disk.lock import holder_of
from docs_index.disk.scratch import scratch_folder
from docs_index.errors import StorageError
from docs_index.index.database import check_index, connected, missing_index
from docs_index.layout import Layout

_LOGS = ("-wal", "-journal")


def copy_index(layout: Layout, folder: Path) -> Path:
    """Copy the index to a folder, as of one moment, and return the copy.

    If a killed run left a log or a journal, these files are copied too, and SQLite
    applies them to the copy. Opening the index itself would change files next to it, as
    it would in WAL mode.

    Raises:
        IndexFileError: the index is missing, or is not a database of this program.
    """
    copy = folder / layout.index.name
    logs = [each for each in _LOGS if Path(f"{layout.index}{each}").exists()]
    if (logs or _is_in_wal_mode(layout.index)) and not holder_of(layout.lock):
        for suffix in ("", *logs):
            shutil.copyfile(f"{layout.index}{suffix}", f"{copy}{suffix}")
        check_index(copy, named=layout.index)
        return copy
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
        yield copy_index(layout, folder)


def _can_be_read(path: Path) -> bool:
    has_logs = any(Path(f"{path}{each}").exists() for each in _LOGS)
    if not has_logs and not _is_in_wal_mode(path):
        return True
    try:
        with closing(connected(path)) as connection:
            connection.execute("select 1 from sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        is_writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
        return is_writable or fault_of(error) is Fault.LOCKED
    except sqlite3.DatabaseError:
        return True  # whoever reads it says what is wrong
    return True


def _is_in_wal_mode(path: Path) -> bool:
    """Read the mode from the file's header: opening the database would create a log."""
    try:
        descriptor, _ = open_file(path, follow=True)
    except OSError:
        return False
    with open(descriptor, "rb") as file:
        return file.read(20)[18:] == b"\2\2"
