"""Folders for what a process needs only while it works, outside the data root.

Their names begin with what tells one data root from another, so that whoever holds
its lock can remove what killed processes left.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from docs_index.layout import Layout

_OUTER = tempfile.gettempdir()
_gathered: list[TemporaryDirectory[str]] = []


@contextmanager
def scratch_folder(data_root: Path) -> Iterator[Path]:
    """Have an empty folder for the time of a block."""
    with TemporaryDirectory(prefix=_prefix(data_root)) as folder:
        yield Path(folder)


def gather_temporary_files(data_root: Path) -> None:
    """Have this process's temporary files where the next run removes leftovers.

    dbt-duckdb keeps a Python model in one while it runs, and a killed build leaves it.
    """
    _gathered.append(TemporaryDirectory(prefix=_prefix(data_root), dir=_OUTER))
    tempfile.tempdir = _gathered[-1].name


def remove_leftovers(layout: Layout) -> None:
    """Remove what killed processes left; only for the holder of the lock."""
    folders = Path(_OUTER).glob(f"{_prefix(layout.root)}*")
    for folder in (layout.build_spill, *folders):
        shutil.rmtree(folder, ignore_errors=True)  # another user's stays


def _prefix(data_root: Path) -> str:
    status = data_root.stat()
    return f"docs_index_{status.st_dev}_{status.st_ino}_"
