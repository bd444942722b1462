"""Put one document's directory on disk: complete and synced before it has its name.

What `placing` does for batches of the build, for programs without DuckDB.
"""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from docs_index.errors import DocumentRefusedError
from docs_index.layout import Layout

Name = str | os.PathLike[str]

_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


def place_directory(layout: Layout, doc_dir: str, contents: dict[str, bytes]) -> None:
    """Publish a document's directory; one that is there already must hold the same.

    The caller holds the lock of the data root.

    Raises:
        DocumentRefusedError: something else is in its place, and was left as it is.
        OSError: writing failed; the directory is complete or absent.
    """
    final = layout.docs / doc_dir
    if os.path.lexists(final):
        _refuse_others(final, contents)
        return
    with _made_beside(layout, final.name, contents) as key:
        final.parent.parent.mkdir(parents=True, exist_ok=True)
        if not renamed(key, final.parent):
            if final.parent.is_symlink() or not renamed(key / final.name, final):
                raise _in_the_way(final)
            _sync(final.parent)
        _sync(final.parent.parent)


def renamed(unpublished: Name, final: Name, beside: int | None = None) -> bool:
    """Rename a directory, unless something is there that it would not replace.

    `unpublished` is relative to the open directory `beside`, if that is given.
    """
    try:
        os.rename(unpublished, final, src_dir_fd=beside)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    return True


def write_once(path: Path, content: bytes) -> None:
    """Write a file that is complete under its name; never write over another one.

    Raises:
        DocumentRefusedError: a file with other bytes is there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.unpublished")
    beside.unlink(missing_ok=True)  # a killed program's
    _write(beside, content)
    try:
        os.link(beside, path)
    except FileExistsError:
        if path.is_symlink() or path.read_bytes() != content:
            raise DocumentRefusedError(f"{path} has other bytes") from None
    finally:
        beside.unlink()
    _sync(path.parent)


@contextmanager
def _made_beside(
    layout: Layout, doc_id: str, contents: dict[str, bytes]
) -> Iterator[Path]:
    """Make `{doc_id}/{doc_id}/` beside: a key's directory with one document."""
    key = layout.unpublished / doc_id
    shutil.rmtree(key, ignore_errors=True)  # a killed program's
    (key / doc_id).mkdir(parents=True)
    try:
        for name, content in contents.items():
            _write(key / doc_id / name, content)
        _sync(key / doc_id)
        _sync(key)
        yield key
    finally:
        shutil.rmtree(key, ignore_errors=True)
        with suppress(OSError):  # a killed run left more, which the next one clears
            layout.unpublished.rmdir()


def _refuse_others(final: Path, contents: dict[str, bytes]) -> None:
    """Check that a directory holds these files and no others."""
    if final.is_symlink() or final.parent.is_symlink() or not final.is_dir():
        raise _in_the_way(final)
    found = {
        entry.name: entry.read_bytes()
        for entry in final.iterdir()
        if entry.is_file() and not entry.is_symlink()
    }
    if found != contents or len(os.listdir(final)) != len(contents):
        raise _in_the_way(final)


def _in_the_way(final: Path) -> DocumentRefusedError:
    return DocumentRefusedError(
        f"{final} is there and is not this document; it was left as it is: move it "
        "away, or give the attempt an id of its own"
    )


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def opened_directory(folder: str | os.PathLike[str]) -> Iterator[int]:
    """Hold a directory open: paths below it are then short to walk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sync_file_system(folder: str | os.PathLike[str]) -> None:
    """Flush the file system that a folder is on; one call a batch, not one a file."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        os.sync()
        return
    with opened_directory(folder) as descriptor:
        if libc.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), folder)
