"""A copy of the index as it is at one moment.

A reader must not hold up a run, and two SQLite libraries may not share a file (see
`warehouse.sqlite_extension`): so the index is copied once, and all else happens to the
copy.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from docs_index.disk.lock import holder_of
from docs_index.errors import StorageError
from docs_index.index.database import check_index, connected, missing_index
from docs_index.layout import Layout

_BESIDE = ("-wal", "-journal")


def copy_index(layout: Layout, folder: Path) -> Path:
    """Copy the index to a folder, as of one moment, and return the copy.

    Where a killed run left a log or a journal, the copy alone is mended by it: to open
    the index would be to change files beside it, as it would in WAL mode.

    Raises:
        IndexFileError: there is no index, or it is no database of this program.
    """
    copy = folder / layout.index.name
    beside = [each for each in _BESIDE if Path(f"{layout.index}{each}").exists()]
    if (beside or _is_in_wal_mode(layout.index)) and not holder_of(layout.lock):
        for suffix in ("", *beside):
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
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(20)[18:] == b"\2\2"
