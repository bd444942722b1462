"""Copy the index as it is at one moment.

A reader must not delay a run, and two SQLite libraries must not share a file (see
`warehouse.sqlite_extension`). Therefore audit, report and browser read a copy. The
index itself is never written.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from docs_index.disk.confined import open_file
from docs_index.disk.lock import holder_of
from docs_index.errors import StorageError
from docs_index.index.database import check_index, connected, missing_index
from docs_index.layout import Layout
from docs_index.paths import is_of_a_path, is_there, naming

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
    logs = [each for each in _LOGS if is_there(f"{layout.index}{each}")]
    if (logs or _is_in_wal_mode(layout.index)) and not holder_of(layout.lock):
        for suffix in ("", *logs):
            with naming(f"{layout.index}{suffix}"):
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
