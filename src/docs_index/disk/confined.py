"""Response files: which are usable, and what is in them.

A path comes out of a table and is not to be trusted: `Folder.read` opens it only if
it leads, links followed, to a regular file inside the folder. Nothing is ever read
out of a file name. Contract: docs/rules.md, section 5.
"""

import errno
import os
import stat
import time
from typing import NamedTuple

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_DIRECTORY_FLAGS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_MOST_HELD = 64  # directories that a folder holds open: a process has 256 on macOS
_SETTLED_NS = 2 * 10**9
_NO_NAMES = ("", ".", "..")  # at the end of a path: it leads to a directory
_CAUSES = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file",
    errno.ELOOP: "its links are too many, or lead in a circle",
    errno.ENAMETOOLONG: "the path is too long",
    errno.ENXIO: "it is not a regular file",
}


class UnusableError(Exception):
    """A response file that cannot be used; the text says why."""


class Response(NamedTuple):
    """A usable file; the signature is of before it was read.

    A file that is not settled was touched so lately that it may change once more
    without its times telling.
    """

    content: bytes
    text: str
    signature: str
    is_settled: bool


class _Directory:
    """A directory that is open as long as this is there."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __del__(self) -> None:
        os.close(self.descriptor)


class Folder:
    """A folder that response paths are relative to, and never lead out of.

    Directories in it are held open, so that the way to them is checked and walked once:
    one that is swapped for another meanwhile is still read as it was.
    """

    def __init__(self, path: str, max_bytes: int) -> None:
        self.path = os.path.realpath(path)
        self.max_bytes = max_bytes
        self._held: dict[str, _Directory] = {}

    def read(self, path: str) -> Response:
        """Return a file's bytes and text.

        Raises:
            UnusableError: the path or the file is not usable; says why.
        """
        content, status = self._read(path)
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            message = f"it is not UTF-8 (byte {error.start + 1})"
            raise UnusableError(message) from error
        touched = max(status.st_mtime_ns, status.st_ctime_ns)
        is_settled = time.time_ns() - touched > _SETTLED_NS
        return Response(content, text, _signature(status), is_settled)

    def read_bytes(self, path: str) -> bytes:
        """Return a file's bytes, UTF-8 or not; raises as `read` does."""
        content, _ = self._read(path)
        return content

    def _read(self, path: str) -> tuple[bytes, os.stat_result]:
        descriptor, status = self._open(path)
        try:
            return self._read_all(descriptor, status.st_size), status
        except OSError as error:
            raise UnusableError(_cause(error)) from error
        finally:
            os.close(descriptor)

    def size(self, path: str) -> int:
        """Return a file's bytes, counted without reading it."""
        descriptor, status = self._open(path)
        os.close(descriptor)
        return status.st_size

    def signature(self, path: str) -> str:
        """Return what changes whenever the file does, without reading it."""
        status = self._look_at(path)
        if status is None:
            descriptor, status = self._open(path)
            os.close(descriptor)
        return _signature(status)

    def _look_at(self, path: str) -> os.stat_result | None:
        """Return the status of a usable file that is no link, else None."""
        parent, _, name = path.rpartition("/")
        if path.startswith("/") or "\0" in path or name in _NO_NAMES:
            return None
        try:
            held = self._directory(parent)
            status = os.stat(name, dir_fd=held.descriptor, follow_symlinks=False)
        except OSError:
            return None
        return status if self._fault(status) is None else None

    def _open(self, path: str) -> tuple[int, os.stat_result]:
        if path.startswith("/"):
            raise UnusableError("the path is absolute: it must be relative")
        if "\0" in path:
            raise UnusableError("the path holds a NUL byte")
        try:
            descriptor = self._open_inside(path)
        except OSError as error:
            raise UnusableError(_cause(error)) from error
        status = os.fstat(descriptor)
        fault = self._fault(status)
        if fault is None:
            return descriptor, status
        os.close(descriptor)
        raise UnusableError(fault)

    def _fault(self, status: os.stat_result) -> str | None:
        """Say why a file of this status cannot be used, None where it can."""
        if not stat.S_ISREG(status.st_mode):
            return "it is not a regular file"
        if status.st_size > self.max_bytes:
            return f"it has {status.st_size} bytes, more than {self.max_bytes}"
        return None

    def _open_inside(self, path: str) -> int:
        """Open a file in its directory, as that is held; a link as it is written."""
        parent, _, name = path.rpartition("/")
        if name not in _NO_NAMES:
            try:
                held = self._directory(parent)
                return os.open(name, _FLAGS | os.O_NOFOLLOW, dir_fd=held.descriptor)
            except OSError as error:
                if error.errno != errno.ELOOP:
                    raise
        return self._open_checked(f"{self.path}/{path}", _FLAGS)

    def _directory(self, parent: str) -> _Directory:
        """Open a directory inside the folder; another one may be let go for it."""
        held = self._held.get(parent)
        if held is None:
            written = f"{self.path}/{parent}"
            held = _Directory(self._open_checked(written, _DIRECTORY_FLAGS))
            if len(self._held) == _MOST_HELD:
                del self._held[next(iter(self._held))]
            self._held[parent] = held
        return held

    def _open_checked(self, written: str, flags: int) -> int:
        """Open a path that ends inside the folder before and after."""
        self._check_target(written)
        descriptor = os.open(written, flags)
        try:
            self._check_target(written, os.fstat(descriptor))
        except (OSError, UnusableError):
            os.close(descriptor)
            raise
        return descriptor

    def _check_target(self, written: str, opened: os.stat_result | None = None) -> None:
        target = _real_path(written)
        if not f"{target}/".startswith(f"{self.path}/"):
            raise UnusableError(f"it leads outside {os.path.basename(self.path)}/")
        if opened and _identity(opened) != _identity(os.lstat(target)):
            raise UnusableError("it changed while it was opened")

    def _read_all(self, descriptor: int, size: int) -> bytes:
        content = os.read(descriptor, size + 1)
        if len(content) == size:
            return content
        pieces = [content]
        total = len(content)
        while total <= self.max_bytes and (piece := os.read(descriptor, 2**20)):
            pieces.append(piece)
            total += len(piece)
        if total > self.max_bytes:
            message = f"it has more than {self.max_bytes} bytes, and is growing"
            raise UnusableError(message)
        return b"".join(pieces)


def _real_path(path: str) -> str:
    """Return a path with its links followed.

    Asks the system first, which knows bounds: `realpath` recurses through any number
    of links, and takes the square of a path's length.
    """
    os.stat(path)
    return os.path.realpath(path, strict=True)


def _cause(error: OSError) -> str:
    known = _CAUSES.get(error.errno or 0)
    return known or f"it cannot be read: {error.strerror}"


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_ino, status.st_dev


def _signature(status: os.stat_result) -> str:
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"


def open_no_link(path: str, _: int) -> int:
    """Open what stands there itself, and wait for no pipe: an opener for `open`."""
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
