"""One run at a time on a data root: an advisory lock that dies with its process."""

import fcntl
import os
import sys
from pathlib import Path

from docs_index.errors import LockedError

_held: dict[Path, int] = {}


def take_lock(path: Path) -> int:
    """Hold the lock until this process ends, and return its file descriptor.

    A process that holds it already keeps it: dbt opens its connection anew for
    each command it runs in one process.

    Raises:
        LockedError: another process holds it; the message names that process.
    """
    if path in _held:
        return _held[path]
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 200).decode(errors="replace") or "another process"
        os.close(descriptor)
        raise LockedError(
            f"{holder} is working on {_guarded(path)}: wait until it has ended"
        ) from None
    command = Path(sys.argv[0]).name
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{command} (process {os.getpid()})".encode(), 0)
    _held[path] = descriptor
    return descriptor


def _guarded(path: Path) -> Path:
    """Return what a lock is for: a data root's is in its folder `db`."""
    return path.parent.parent if path.parent.name == "db" else path.parent
