"""Publish files: complete and synced before they get their final names.

Owns the names of temporary paths, and every rename of a file to its final name. A file
whose content would not change is not written. A kill or a power cut at any moment
leaves the old file or the new one; the next write removes the temporary path.
"""

import csv
import errno
import filecmp
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from docs_index.disk.confined import NOT_A_FILE, TooLargeError, read_file
from docs_index.paths import Name, is_file, is_folder, name_file, naming

_ROOM_BYTES = 4 * 2**20


class TakenError(Exception):
    """The final name belongs to something else, which was not changed."""


def publish(path: Path, content: bytes) -> bool:
    """Replace a file atomically; return False if its content is the same already."""
    with naming(path):
        if is_file(path) and path.read_bytes() == content:
            temporary_path(path).unlink(missing_ok=True)  # a killed run's
            return False
    with replacing(path) as unpublished:
        write_file(unpublished, content)
    return True


def publish_file(path: Path, made: Path) -> bool:
    """Replace a file atomically by a copy of another; return whether they differed."""
    temporary_path(path).unlink(missing_ok=True)  # a killed run's
    with naming(path):
        if is_file(path) and filecmp.cmp(path, made, shallow=False):
            return False
    with replacing(path) as unpublished:
        shutil.copyfile(made, unpublished)
    return True


def refuse_full_disk(folder: Path) -> None:
    """Check that a disk has room for some files, before something is paid for.

    Raises:
        OSError: it has less than 4 MiB.
    """
    with naming(folder):
        status = os.statvfs(folder)
        if status.f_bavail * status.f_frsize < _ROOM_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(folder))


@contextmanager
def appending(path: Path, lines: Iterable[str], newline: str) -> Iterator[Path | None]:
    """Yield the temporary path of a file with more lines; it replaces `path` after.

    Without lines, yield None and write nothing.
    """
    temporary_path(path).unlink(missing_ok=True)  # a killed run's
    following = iter(lines)
    first = next(following, None)
    if first is None:
        yield None
        return
    with replacing(path) as unpublished:
        if is_file(path):
            shutil.copyfile(path, unpublished)
        with unpublished.open("a+b") as file:
            if not _ends_in_line(file):
                file.write(newline.encode())
            file.write(first.encode())
            file.writelines(line.encode() for line in following)
        yield unpublished


def _ends_in_line(file: BinaryIO) -> bool:
    if not file.tell():
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def publish_new(path: Path, content: bytes) -> None:
    """Write a file that must not exist, unless it has the same content.

    Raises:
        TakenError: the path exists and is anything else.
    """
    make_folder(path.parent)
    unpublished = temporary_path(path)
    unpublished.unlink(missing_ok=True)  # a killed program's
    try:
        write_file(unpublished, content, synced=True)
        os.link(unpublished, path)
    except FileExistsError:
        if not holds(path, content):
            raise TakenError(path) from None
    finally:
        unpublished.unlink(missing_ok=True)
    sync(path.parent)


@contextmanager
def replacing(path: Path, *, keeps_mode: bool = True) -> Iterator[Path]:
    """Yield a temporary path; the file that the block writes there replaces `path`.

    With `keeps_mode`, the new file has the permissions of the old one.
    """
    unpublished = temporary_path(path)
    path.parent.mkdir(exist_ok=True)
    unpublished.unlink(missing_ok=True)  # a killed run's
    try:
        with naming(path):
            yield unpublished
        if keeps_mode:
            with suppress(FileNotFoundError):
                shutil.copymode(path, unpublished)
        sync(unpublished)
        os.replace(unpublished, path)
        sync(path.parent)
    finally:
        unpublished.unlink(missing_ok=True)


def temporary_path(path: Path) -> Path:
    """Return the path where a file is written before it is published."""
    return path.with_name(f".{path.name}.unpublished")


def write_file(
    path: Name, content: bytes, *, dir_fd: int | None = None, synced: bool = False
) -> None:
    """Write a new file completely; never write through a link.

    Raises:
        FileExistsError: the path exists.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o666, dir_fd=dir_fd)
    try:
        written = os.write(descriptor, content)
        while written < len(content):
            written += os.write(descriptor, memoryview(content)[written:])
        if synced:
            os.fsync(descriptor)
    except OSError as error:
        name_file(error, path)
        raise
    finally:
        os.close(descriptor)


def holds(path: Name, content: bytes) -> bool:
    """Tell whether a path is a regular file, not a link, with this content."""
    try:
        return read_file(path, at_most=len(content)) == content
    except TooLargeError:
        return False
    except OSError as error:
        if error.errno in NOT_A_FILE:
            return False
        raise


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents durably."""
    if not is_folder(folder):
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def sync(path: Name) -> None:
    """Wait until a file, or the names in a directory, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with naming(path):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def csv_lines(rows: Iterable[Sequence[object]], newline: str = "\n") -> Iterator[str]:
    """Yield each row as a line of CSV.

    Before Python 3.13 the csv module quotes a CR only if it is part of the line end.
    """
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    for row in rows:
        yield writer.writerow(row).removesuffix("\r\n") + newline


class _Echo:
    """A file whose `write` returns the text, so that the csv module yields lines."""

    def write(self, line: str) -> str:
        return line
