"""A copy of the index as it is at one moment.

A reader must not hold up a run, and two SQLite libraries may not share a file (see
`warehouse.sqlite_extension`): so the index is copied once, and the copy is what is read
or changed. The index itself is never written.
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

_LOGS = ("-wal", "-journal")


def copy_index(layout: Layout, folder: Path) -> Path:
    """Copy the index to a folder, as of one moment, and return the copy.

    Where a killed run left a log or a journal, the copy alone is mended by it: to open
    the index would be to change files next to it, as it would in WAL mode.

    Raises:
        IndexFileError: there is no index, or it is no database of this program.
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
    except sqlite3.DatabaseError:  # cut off: there is no page to be copied
        shutil.copyfile(layout.index, copy)
    return copy


def _is_in_wal_mode(path: Path) -> bool:
    """Tell by the file's header, as opening it would make a log."""
    try:
        descriptor, _ = open_file(path, follow=True)
    except OSError:
        return False
    with open(descriptor, "rb") as file:
        return file.read(20)[18:] == b"\2\2"
