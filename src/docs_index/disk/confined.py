"""Read regular files, and nothing else.

Owns every opening of a file that other programs may have written. `open_file` and
`read_file` take a path that this program made. `Folder` takes untrusted paths from
tables: it opens a path only if the path, with links followed, leads to a file inside
the folder. Nothing here waits for a pipe, reads a device, or writes. What the machine
could not do is raised with the file's full name, and never said of the file. Contract:
docs/rules.md, section 5.
"""

import errno
import hashlib
import os
import stat
import time
from typing import NamedTuple

from docs_index.paths import OF_A_PATH, is_of_a_path, name_file, naming, real_path

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NO_LINK = _FLAGS | os.O_NOFOLLOW
_DIRECTORY_FLAGS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_PIECE = 2**20  # bytes that are read at a time
_MOST_HELD = 64  # directories that a folder holds open: a process has 256 on macOS
_SETTLED_NS = 2 * 10**9
_NO_NAMES = ("", ".", "..")  # at the end of a path: it leads to a directory
# The codes of a path that need no second look at what is there.
_SURE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
NOT_A_FILE = (errno.ELOOP, errno.EISDIR, errno.ENXIO)  # a link, a directory, a pipe

Opened = tuple[int, os.stat_result]


class NotRegularError(OSError):
    """The path leads to a pipe, a socket or a device."""


class TooLargeError(OSError):
    """A file has more bytes than its reader takes."""


def open_file(
    path: str | os.PathLike[str], *, dir_fd: int | None = None, follow: bool = False
) -> Opened:
    """Open a regular file for reading; return its descriptor and status.

    A link as the last part of the path is followed only with `follow`.

    Raises:
        IsADirectoryError: the path is a directory.
        NotRegularError: the path is a pipe, a socket or a device.
        OSError: the file is missing, cannot be opened, or is a link (ELOOP).
    """
    descriptor = os.open(path, _FLAGS if follow else _NO_LINK, dir_fd=dir_fd)
    try:
        status = os.fstat(descriptor)
    except OSError as error:
        os.close(descriptor)
        name_file(error, path)
        raise
    if stat.S_ISREG(status.st_mode):
        return descriptor, status
    os.close(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise NotRegularError(errno.ENXIO, os.strerror(errno.ENXIO), path)


def read_file(
    path: str | os.PathLike[str],
    *,
    at_most: int | None = None,
    follow: bool = False,
) -> bytes:
    """Return the bytes of a regular file.

    Raises:
        TooLargeError: the file has more than `at_most` bytes.
        OSError: as `open_file`, or reading failed.
    """
    descriptor, status = open_file(path, follow=follow)
    try:
        if at_most is not None and status.st_size > at_most:
            raise TooLargeError(errno.EFBIG, os.strerror(errno.EFBIG), path)
        content = _read_all(descriptor, status.st_size, at_most)
    except OSError as error:
        name_file(error, path)
        raise
    finally:
        os.close(descriptor)
    if at_most is not None and len(content) > at_most:
        raise TooLargeError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    return content


def digest_of(path: str | os.PathLike[str]) -> tuple[str, int]:
    """Return the SHA-256 and the size of a regular file, which is read in pieces.

    Raises:
        OSError: as `open_file`, or reading failed.
    """
    descriptor, _ = open_file(path)
    with naming(path), open(descriptor, "rb") as file:
        digest, size = hashlib.sha256(), 0
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
        return digest.hexdigest(), size


def _read_all(descriptor: int, size: int, at_most: int | None) -> bytes:
    """Return the content of a file, cut a little after `at_most` bytes.

    `size` is an estimate: the file may grow or shrink while it is read.
    """
    content = os.read(descriptor, size + 1)
    if len(content) == size:
        return content
    pieces = [content]
    total = len(content)
    while at_most is None or total <= at_most:
        piece = os.read(descriptor, _PIECE)
        if not piece:
            break
        pieces.append(piece)
        total += len(piece)
    return b"".join(pieces)


class UnusableError(Exception):
    """A response file that cannot be used; the text says why."""


class Response(NamedTuple):
    """A usable file; its signature was taken before the file was read.

    A file that is not settled was changed so recently that another change may not show
    in its times.
    """

    content: bytes
    text: str
    signature: str
    is_settled: bool


class _Directory:
    """A directory that stays open as long as this object exists."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __del__(self) -> None:
        os.close(self.descriptor)


class Folder:
    """A folder that response paths are relative to, and never lead out of.

    Directories in it are kept open, so that the path to each is checked and walked
    once. If a directory is swapped for another, the old one is still read.
    """

    def __init__(self, path: str, max_bytes: int) -> None:
        self.path = real_path(path)
        self.max_bytes = max_bytes
        self._held: dict[str, _Directory] = {}

    def read(self, path: str) -> Response:
        """Return a file's bytes and text.

        Raises:
            UnusableError: the path or the file cannot be used; the text says why.
            OSError: the machine failed, or the file changed; it may be usable.
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
            content = _read_all(descriptor, status.st_size, self.max_bytes)
        except OSError as error:
            name_file(error, f"{self.path}/{path}")
            raise
        finally:
            os.close(descriptor)
        if len(content) > self.max_bytes:
            message = f"it has more than {self.max_bytes} bytes, and is growing"
            raise UnusableError(message)
        return content, status

    def size(self, path: str) -> int:
        """Return a file's bytes, counted without reading it."""
        descriptor, status = self._open(path)
        os.close(descriptor)
        return status.st_size

    def signature(self, path: str) -> str:
        """Return a text that changes whenever the file does, without reading it."""
        status = self._look_at(path)
        if status is None:
            descriptor, status = self._open(path)
            os.close(descriptor)
        return _signature(status)

    def _look_at(self, path: str) -> os.stat_result | None:
        """Return the status of a usable file, None for a link or an unusable one."""
        parent, _, name = path.rpartition("/")
        if path.startswith("/") or "\0" in path or name in _NO_NAMES:
            return None
        try:
            held = self._directory(parent)
            status = os.stat(name, dir_fd=held.descriptor, follow_symlinks=False)
        except OSError as error:
            if is_of_a_path(error):
                return None
            name_file(error, f"{self.path}/{path}")
            raise
        is_usable = stat.S_ISREG(status.st_mode) and status.st_size <= self.max_bytes
        return status if is_usable else None

    def _open(self, path: str) -> Opened:
        if path.startswith("/"):
            raise UnusableError("the path is absolute: it must be relative")
        if "\0" in path:
            raise UnusableError("the path holds a NUL byte")
        try:
            descriptor, status = self._open_inside(path)
        except OSError as error:
            if cause := self._cause(path, error):
                raise UnusableError(cause) from error
            raise
        if status.st_size <= self.max_bytes:
            return descriptor, status
        os.close(descriptor)
        raise UnusableError(
            f"it has {status.st_size} bytes, more than {self.max_bytes}"
        )

    def _cause(self, path: str, error: OSError) -> str | None:
        """Return why a file cannot be used, None if the machine has failed.

        The code alone does not say that a file is not regular: to open a device may be
        forbidden, and a system may answer with that code for a moment.
        """
        written = f"{self.path}/{path}"
        if error.errno in _SURE:
            return OF_A_PATH[error.errno]
        try:
            is_regular = stat.S_ISREG(os.stat(written).st_mode)
        except OSError:
            is_regular = True
        if not is_regular:
            return OF_A_PATH[errno.ENXIO]
        name_file(error, written)
        return None

    def _open_inside(self, path: str) -> Opened:
        """Open a file in its open directory; a link is opened by its full path."""
        parent, _, name = path.rpartition("/")
        if name not in _NO_NAMES:
            try:
                held = self._directory(parent)
                return open_file(name, dir_fd=held.descriptor)
            except OSError as error:
                if error.errno != errno.ELOOP:
                    raise
        written = f"{self.path}/{path}"
        self._check_target(written)
        return self._checked(written, open_file(written, follow=True))

    def _directory(self, parent: str) -> _Directory:
        """Open a directory inside the folder; another one may be closed for it."""
        held = self._held.get(parent)
        if held is None:
            written = f"{self.path}/{parent}"
            self._check_target(written)
            descriptor = os.open(written, _DIRECTORY_FLAGS)
            try:
                status = os.fstat(descriptor)
            except OSError:
                os.close(descriptor)
                raise
            self._checked(written, (descriptor, status))
            held = _Directory(descriptor)
            if len(self._held) == _MOST_HELD:
                del self._held[next(iter(self._held))]
            self._held[parent] = held
        return held

    def _checked(self, written: str, opened: Opened) -> Opened:
        """Return the opened file, if its path still leads to it inside the folder."""
        try:
            self._check_target(written, opened[1])
        except (OSError, UnusableError):
            os.close(opened[0])
            raise
        return opened

    def _check_target(self, written: str, opened: os.stat_result | None = None) -> None:
        target = _real_path(written)
        if not f"{target}/".startswith(f"{self.path}/"):
            raise UnusableError(f"it leads outside {os.path.basename(self.path)}/")
        if opened and _identity(opened) != _identity(os.lstat(target)):
            raise OSError(errno.ESTALE, "it changed while it was opened", written)


def _real_path(path: str) -> str:
    """Return a path with its links followed.

    Asks the system first, which limits the number of links: `realpath` recurses through
    any number, in a time that grows with the square of the path's length.
    """
    os.stat(path)
    return os.path.realpath(path, strict=True)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_ino, status.st_dev


def file_version(status: os.stat_result) -> tuple[int, ...]:
    """Return what changes whenever a file does: its size, times and inode."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _signature(status: os.stat_result) -> str:
    return ":".join(map(str, file_version(status)))
