"""One run at a time on a data root: an advisory lock that dies with its process."""

import errno
import fcntl
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docs_index.errors import DataRootError, LockedError

_OURS = re.compile(rb"(?:[^\n]* \(process [0-9]+\))?")
_held: dict[Path, int] = {}


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
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _open(path)
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


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock for a block, as `take_lock` does; a process goes on without it."""
    is_held = path in _held
    take_lock(path)
    try:
        yield
    finally:
        if not is_held:
            os.close(_held.pop(path))


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


def _guarded(path: Path) -> Path:
    """Return what a lock is for: a data root's is in its folder `db`."""
    return path.parent.parent if path.parent.name == "db" else path.parent
