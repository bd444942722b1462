"""One run at a time on a data root: an advisory lock that dies with its process."""

import errno
import fcntl
import os
import re
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docs_index.errors import DataRootError, LockedError

_OURS = re.compile(rb"(?:[^\n]* \(process [0-9]+\))?")
_PAUSE_S = 0.05
_held: dict[Path, int] = {}
_turn = threading.RLock()


def take_lock(path: Path) -> int:
    """Hold the lock until this process ends, and return its file descriptor.

    A process that holds it already keeps it: dbt opens its connection anew for
    each command it runs in one process.

    Raises:
        LockedError: another process holds it; the message names that process.
        DataRootError: something else is in its place, which is left as it is.
    """
    if path in _held:
        return _held[path]
    path.parent.mkdir(exist_ok=True)
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 200).decode(errors="replace") or "another process"
        os.close(descriptor)
        raise LockedError(
            f"{holder} is working on {path.parent.parent}: wait until it has ended"
        ) from None
    command = Path(sys.argv[0]).name
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{command} (process {os.getpid()})".encode(), 0)
    _held[path] = descriptor
    return descriptor


@contextmanager
def held_lock(path: Path, patience_s: float = 30.0) -> Iterator[None]:
    """Hold the lock for a block, and wait for others to let go of it.

    The threads of a process take turns. A process that holds it anyway keeps it.

    Raises:
        LockedError: another process has not let go of it in time.
        DataRootError: something else is in its place.
    """
    end = time.monotonic() + patience_s
    with _turn:
        was_held = path in _held
        while True:
            try:
                descriptor = take_lock(path)
                break
            except LockedError:
                if time.monotonic() > end:
                    raise
                time.sleep(_PAUSE_S)
        try:
            yield
        finally:
            if not was_held:
                os.close(descriptor)
                del _held[path]


def holder_of(path: Path) -> str | None:
    """Return who holds the lock, None where nobody does; it is not kept from anyone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(descriptor, 200).decode(errors="replace") or "another process"
    finally:
        os.close(descriptor)
    return None


def _open(path: Path) -> int:
    """Open a lock file: it is truncated later, so it must be one, under any name."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    fault = DataRootError(f"{path} is no lock of this program: move it away")
    try:
        descriptor = os.open(path, flags, 0o644)
    except OSError as error:
        if error.errno in (errno.EISDIR, errno.ELOOP, errno.ENXIO):
            raise fault from error
        raise
    is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
    if not is_file or not _OURS.fullmatch(os.pread(descriptor, 4096, 0)):
        os.close(descriptor)
        raise fault
    return descriptor
