"""Folders for what a process needs only while it works, outside the data root.

Their names begin with what tells one data root from another, so that whoever holds
its lock can remove what killed processes left.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from docs_index.layout import Layout


@contextmanager
def scratch_folder(data_root: Path) -> Iterator[Path]:
    """Have an empty folder for the time of a block."""
    with TemporaryDirectory(prefix=_prefix(data_root)) as folder:
        yield Path(folder)


def remove_leftovers(layout: Layout) -> None:
    """Remove what killed processes left; only for the holder of the lock."""
    folders = Path(gettempdir()).glob(f"{_prefix(layout.root)}*")
    for folder in (layout.build_spill, *folders):
        shutil.rmtree(folder, ignore_errors=True)  # another user's stays


def _prefix(data_root: Path) -> str:
    status = data_root.stat()
    return f"docs_index_{status.st_dev}_{status.st_ino}_"
