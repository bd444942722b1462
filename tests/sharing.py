"""What the processes of a test session share: the first to need it makes it.

The makers take turns, under one lock; what they return is pickled for the others. The
folder is gone with the session's others (pytest keeps those of the last few sessions).
"""

import fcntl
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

Made = TypeVar("Made")


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all processes of this session have."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def once(folder: Path, name: str, make: Callable[[], Made]) -> Made:
    """Return what `make` returns, or has returned to another process.

    Where it fails, it fails in each process, and is not remembered.
    """
    answer = folder / f"{name}.pickle"
    with _turn(folder):
        if not answer.exists():
            made = make()
            answer.write_bytes(pickle.dumps(made))
        found: Made = pickle.loads(answer.read_bytes())
    return found


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
