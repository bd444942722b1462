"""Scratch folders: outside the data root, and removed with their block or process.

A folder's name begins with an id of its data root, so that the holder of that root's
lock can remove the folders of killed processes. Read commands work without that lock.
Therefore each folder is itself locked while its block runs, and a locked folder is
never removed.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from docs_index.disk.lock import is_folder_locked, locked_folder
from docs_index.layout import Layout

_OUTER = tempfile.gettempdir()
_gathered: list[TemporaryDirectory[str]] = []


@contextmanager
def scratch_folder(data_root: Path) -> Iterator[Path]:
    """Yield an empty folder that is removed after the block, if not by the next run."""
    folder = tempfile.mkdtemp(prefix=_prefix(data_root))
    try:
        with locked_folder(folder):
            yield Path(folder)
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)


def gather_temporary_files(data_root: Path) -> None:
    """Put this process's temporary files where the next run removes leftovers.

    dbt-duckdb writes a running Python model to one, and a killed build leaves it.
    """
    _gathered.append(TemporaryDirectory(prefix=_prefix(data_root), dir=_OUTER))
    tempfile.tempdir = _gathered[-1].name


def remove_leftovers(layout: Layout) -> None:
    """Remove the scratch folders of killed processes; the caller holds the lock."""
    folders = Path(_OUTER).glob(f"{_prefix(layout.root)}*")
    for folder in (layout.build_spill, *folders):
        if not is_folder_locked(folder):
            shutil.rmtree(folder, ignore_errors=True)  # another user's stays


def _prefix(data_root: Path) -> str:
    status = data_root.stat()
    return f"docs_index_{status.st_dev}_{status.st_ino}_"
