"""Advisory locks that end with their process: on a data root and on a folder.

Owns every `flock`. Writes lock files, and nothing else. A file that is not a lock of
this program is refused and never changed.
"""

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

from docs_index.errors import DataRootError, LockedError, StorageError

# The name is never synced: after a power cut there may be zeros, or two names in one.
_OURS = re.compile(rb"\0*|[^\n]* \(process [0-9]+\)[^\n]*")
_PATIENCE_SECONDS = 10.0
_PAUSE_S = 0.05
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_held: dict[Path, int] = {}
_turn = threading.RLock()


def take_lock(path: Path) -> int:
    """Hold the lock until this process ends, and return its file descriptor.

    A process may take its own lock again: dbt opens a connection for each command that
    it runs in one process.

    Raises:
        LockedError: another process holds it; the message names that process.
        DataRootError: the path is not a lock file of this program; it is not changed.
        StorageError: the lock file cannot be made or written.
    """
    if path not in _held:
        try:
            _held[path] = _take(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}") from error
    return _held[path]


def _take(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _open(path)
    try:
        _wait_for(descriptor, path)
        command = Path(sys.argv[0]).name
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{command} (process {os.getpid()})".encode(), 0)
    except (OSError, LockedError):
        os.close(descriptor)
        raise
    return descriptor


def _wait_for(descriptor: int, path: Path, kind: int = fcntl.LOCK_EX) -> None:
    patient_until = time.monotonic() + _PATIENCE_SECONDS
    while (holder := _lock(descriptor, kind)) is not None:
        if _is_alive(holder) or time.monotonic() > patient_until:
            raise LockedError(
                f"{holder or 'another process'} is working on {_guarded(path)}: "
                "wait until it has ended"
            )
        time.sleep(0.02)


def _lock(descriptor: int, kind: int) -> str | None:
    """Take the lock; if another process holds it, return that process if known."""
    if _flocked(descriptor, kind | fcntl.LOCK_NB):
        return None
    return os.pread(descriptor, 200, 0).decode(errors="replace")


def _flocked(descriptor: int, operation: int) -> bool:
    """Lock an open file until it is closed; return False if it is locked already."""
    try:
        fcntl.flock(descriptor, operation)
    except BlockingIOError:
        return False
    return True


def _is_alive(holder: str) -> bool:
    """Tell whether the process lives; if not, its workers are finishing their calls."""
    named = re.search(r"\(process (\d+)\)$", holder)
    if named is None:  # it has not written its name yet
        return False
    try:
        os.kill(int(named[1]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return True


@contextmanager
def held_lock(path: Path, patience_s: float = 30.0) -> Iterator[None]:
    """Hold the lock for a block, and wait until other processes release it.

    The threads of a process take turns. If this process held the lock before, it still
    does afterwards.

    Raises:
        LockedError: another process has not released it in time.
        DataRootError: the path is not a lock file of this program.
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
                os.ftruncate(descriptor, 0)  # this process goes on without the lock
                os.close(descriptor)
                del _held[path]


@contextmanager
def shared_lock(path: Path) -> Iterator[None]:
    """Keep other processes from taking the lock for a block; write nothing.

    A lock file that is missing is not made: nobody has worked there yet. A process that
    holds the lock needs no other.

    Raises:
        LockedError: another process holds it; the message names that process.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        yield
        return
    try:
        if path not in _held:
            _wait_for(descriptor, path, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def holder_of(path: Path) -> str | None:
    """Return which process holds the lock, or None, without taking the lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        if _flocked(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB):
            return None
        return os.read(descriptor, 200).decode(errors="replace") or "another process"
    finally:
        os.close(descriptor)


@contextmanager
def locked_folder(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Hold a folder's own lock for a block; wait for other processes and threads.

    Raises:
        NotADirectoryError: the path is a link, or not a directory.
    """
    descriptor = os.open(folder, _FOLDER_FLAGS)
    try:
        _flocked(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_folder_locked(folder: str | os.PathLike[str]) -> bool:
    """Tell whether a block holds the folder's lock; False if it cannot be opened."""
    try:
        descriptor = os.open(folder, _FOLDER_FLAGS)
    except OSError:
        return False
    try:
        return not _flocked(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    """Open a lock file; refuse any other file, because the lock file is truncated."""
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
    """Return the folder that a lock protects; a data root's lock is in its `db`."""
    return path.parent.parent if path.parent.name == "db" else path.parent
