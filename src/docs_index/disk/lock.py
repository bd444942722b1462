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
from docs_index.paths import is_of_a_path, naming

_MARK = b"docs-index lock: "  # what a lock file begins with
_NAME = re.compile(rb"[^\n]* \(process [0-9]+\)")  # all that an older program wrote
_PATIENCE_SECONDS = 10.0
_PAUSE_S = 0.05
_GLANCE_S = 0.001
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
_held: dict[Path, int] = {}
_turn = threading.RLock()


def take_lock(path: Path) -> int:
    """Hold the lock until this process ends, and return its file descriptor.

    A process may take its own lock again: dbt opens a connection for each command that
    it runs in one process.

    Raises:
        LockedError: another process holds it; the message names that process.
        DataRootError: the path is not a lock file of this program; it is not changed.
        StorageError: the lock file cannot be made or written, or its file system has no
            locks.
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
        os.ftruncate(descriptor, 0)
        os.pwrite(
            descriptor, _MARK + f"{_command()} (process {os.getpid()})".encode(), 0
        )
    except (OSError, LockedError):
        os.close(descriptor)
        raise
    return descriptor


def _command() -> str:
    """Return the name of this process's command, as its user knows it."""
    program = Path(sys.argv[0])
    is_dbt = program.parts[-3:] == ("dbt", "cli", "main.py")  # `python -m dbt.cli.main`
    return "dbt" if is_dbt else program.name


def _wait_for(descriptor: int, path: Path) -> None:
    patient_until = time.monotonic() + _PATIENCE_SECONDS
    while (holder := _lock(descriptor, path)) is not None:
        if _is_alive(holder) or time.monotonic() > patient_until:
            raise locked_by(holder, path)
        time.sleep(0.02)


def locked_by(holder: str, path: Path) -> LockedError:
    """Return the error that says which process holds a lock."""
    return LockedError(
        f"{holder or 'another process'} is working on {_guarded(path)}: "
        "wait until it has ended"
    )


def _lock(descriptor: int, path: Path) -> str | None:
    """Take the lock; if another process holds it, return that process if known."""
    if _flocked(descriptor, path, fcntl.LOCK_EX | fcntl.LOCK_NB):
        return None
    return _holder(os.pread(descriptor, 200, 0))


def _holder(content: bytes) -> str:
    return content.removeprefix(_MARK).decode(errors="replace")


def _is_ours(content: bytes) -> bool:
    """Tell whether a file begins with the mark, or with what a power cut leaves of it.

    The content is never synced: its end may be lost, and zeros may be in its place.
    """
    pairs = zip(content, _MARK, strict=False)
    return all(byte in (0, mark) for byte, mark in pairs) or bool(_NAME.match(content))


def _flocked(descriptor: int, path: str | os.PathLike[str], operation: int) -> bool:
    """Lock an open file until it is closed; return False if it is locked already.

    Raises:
        StorageError: its file system has no locks.
    """
    try:
        fcntl.flock(descriptor, operation)
    except OSError as error:
        if error.errno == errno.EWOULDBLOCK and operation & fcntl.LOCK_NB:
            return False
        if error.errno in _NO_LOCKS:
            raise StorageError(
                f"{path} cannot be locked: {error.strerror}; without locks two runs "
                "could harm each other: mount its file system with locks, or work on "
                "a copy on a local disk"
            ) from error
        error.filename = os.fspath(path)
        raise
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
                _release(descriptor, path)


def _release(descriptor: int, path: Path) -> None:
    """Close a lock, so that this process goes on without it."""
    try:
        with naming(path):
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)
        del _held[path]


@contextmanager
def shared_lock(path: Path, patience_s: float) -> Iterator[bool]:
    """Hold a data root's lock for a block together with other readers, if possible.

    Nothing is written: a reader needs no more than to open the lock file. Yields
    whether no other process works on the data root during the block. If one keeps the
    lock for longer than `patience_s`, or there is no lock file, or it cannot be opened
    or locked, the block runs without the lock.
    """
    with _turn:
        if path in _held:  # this process works on it, and runs this block only
            yield True
            return
        descriptor = _opened_for_reading(path)
        if descriptor is None:
            yield False
            return
        try:
            yield _is_shared_within(descriptor, path, patience_s)
        finally:
            os.close(descriptor)


def _opened_for_reading(path: Path) -> int | None:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
    try:
        return os.open(path, flags)
    except OSError:
        return None


def _is_shared_within(descriptor: int, path: Path, patience_s: float) -> bool:
    """Wait for a shared lock, looking often: a writer at work leaves short gaps."""
    end = time.monotonic() + patience_s
    try:
        while not _flocked(descriptor, path, fcntl.LOCK_SH | fcntl.LOCK_NB):
            if time.monotonic() > end:
                return False
            time.sleep(_GLANCE_S)
    except (OSError, StorageError):  # a file system without locks
        return False
    return True


def holder_of(path: Path) -> str | None:
    """Return which process holds the lock, or None, without taking the lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        if _flocked(descriptor, path, fcntl.LOCK_SH | fcntl.LOCK_NB):
            return None
        with naming(path):
            holder = _holder(os.read(descriptor, 200))
        return holder or "another process"
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
        _flocked(descriptor, folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_folder_locked(folder: str | os.PathLike[str]) -> bool:
    """Tell whether a block holds the folder's lock, or may: it cannot be opened."""
    try:
        descriptor = os.open(folder, _FOLDER_FLAGS)
    except OSError as error:
        return not is_of_a_path(error)
    try:
        return not _flocked(descriptor, folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    """Open a lock file; refuse any other file, because the lock file is truncated."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    fault = DataRootError(f"{path} is not a lock of this program: move it away")
    try:
        descriptor = os.open(path, flags, 0o644)
    except OSError as error:
        if error.errno in (errno.EISDIR, errno.ELOOP, errno.ENXIO):
            raise fault from error
        raise
    is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
    if not is_file or not _is_ours(os.pread(descriptor, 4096, 0)):
        os.close(descriptor)
        raise fault
    return descriptor


def _guarded(path: Path) -> Path:
    """Return the folder that a lock protects; a data root's lock is in its `db`."""
    return path.parent.parent if path.parent.name == "db" else path.parent
