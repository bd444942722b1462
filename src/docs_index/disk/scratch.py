"""Temporary folders, outside the data root, for the time of a block or a process.

A folder's name begins with the identity of its data root, so that the holder of that
root's lock can remove what killed processes left. Read commands work without that lock:
so each folder is itself locked while its block runs, and a locked one is not removed.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from docs_index.disk.lock import is_folder_locked, locked_folder
from docs_index.layout import Layout

_OUTER = tempfile.gettempdir()
_gathered: list[TemporaryDirectory[str]] = []


@contextmanager
def scratch_folder(data_root: Path) -> Iterator[Path]:
    """Yield an empty folder that is removed after the block."""
    with (
        TemporaryDirectory(prefix=_prefix(data_root)) as folder,
        locked_folder(folder),
    ):
        yield Path(folder)


def gather_temporary_files(data_root: Path) -> None:
    """Put this process's temporary files where the next run removes leftovers.

    dbt-duckdb keeps a Python model in one while it runs, and a killed build leaves it.
    """
    _gathered.append(TemporaryDirectory(prefix=_prefix(data_root), dir=_OUTER))
    tempfile.tempdir = _gathered[-1].name


def remove_leftovers(layout: Layout) -> None:
    """Remove what killed processes left; only for the holder of the lock."""
    folders = Path(_OUTER).glob(f"{_prefix(layout.root)}*")
    for folder in (layout.build_spill, *folders):
        if not is_folder_locked(folder):
            shutil.rmtree(folder, ignore_errors=True)  # another user's stays


def _prefix(data_root: Path) -> str:
    status = data_root.stat()
    return f"docs_index_{status.st_dev}_{status.st_ino}_"
