"""Folders for what a process needs only while it works, outside the data root.

Their names begin with what tells one data root from another, so that whoever holds
its lock can remove what killed processes left. Others work without that lock: a folder
is itself locked as long as a block has it.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from docs_index.layout import Layout

_OUTER = tempfile.gettempdir()
_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_gathered: list[TemporaryDirectory[str]] = []


@contextmanager
def scratch_folder(data_root: Path) -> Iterator[Path]:
    """Have an empty folder for the time of a block."""
    with TemporaryDirectory(prefix=_prefix(data_root)) as folder:
        descriptor = os.open(folder, _FLAGS)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Path(folder)
        finally:
            os.close(descriptor)


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
        if not _is_in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)  # another user's stays


def _is_in_use(folder: Path) -> bool:
    try:
        descriptor = os.open(folder, _FLAGS)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _prefix(data_root: Path) -> str:
    status = data_root.stat()
    return f"docs_index_{status.st_dev}_{status.st_ino}_"
