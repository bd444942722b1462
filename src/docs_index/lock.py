"""One run at a time on a data root: an advisory lock that dies with its process."""

import fcntl
import os
import re
import sys
import time
from pathlib import Path

from docs_index.errors import LockedError, StorageError

_PATIENCE_SECONDS = 10.0
_held: dict[Path, int] = {}


def take_lock(path: Path) -> int:
    """Hold the lock until this process ends, and return its file descriptor.

    A process that holds it already keeps it: dbt opens its connection anew for
    each command it runs in one process.

    Raises:
        LockedError: another process holds it; the message names that process.
        StorageError: the lock file cannot be made or written.
    """
    if path not in _held:
        try:
            _held[path] = _take(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}") from error
    return _held[path]


def _take(path: Path) -> int:
    path.parent.mkdir(exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _wait_for(descriptor, path)
        command = Path(sys.argv[0]).name
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{command} (process {os.getpid()})".encode(), 0)
    except (OSError, LockedError):
        os.close(descriptor)
        raise
    return descriptor


def _wait_for(descriptor: int, path: Path) -> None:
    patient_until = time.monotonic() + _PATIENCE_SECONDS
    while (holder := _lock(descriptor)) is not None:
        if _is_alive(holder) or time.monotonic() > patient_until:
            raise LockedError(
                f"{holder or 'another process'} is working on {path.parent.parent}: "
                "wait until it has ended"
            )
        time.sleep(0.02)


def _lock(descriptor: int) -> str | None:
    """Take the lock; return who has it, as far as is known, if somebody has."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(descriptor, 200, 0).decode(errors="replace")
    return None


def _is_alive(holder: str) -> bool:
    """Tell whether the process lives; if not, its workers still end their calls."""
    named = re.search(r"\(process (\d+)\)$", holder)
    if named is None:  # it has yet to write its name
        return False
    try:
        os.kill(int(named[1]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return True
