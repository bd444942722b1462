"""Publish directories: complete and synced before they get their final names.

Owns every rename of a directory to its final name. A directory is written to a
temporary path on the same file system, synced, and renamed. An existing directory is
never changed. A kill at any moment leaves a directory complete or absent; the next run
clears the temporary paths.

A batch is synced as a whole (`Staging`, `sync_file_system`); `publish_directory`
publishes one directory.
"""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from docs_index.disk.publish import TakenError, holds, make_folder, sync, write_file
from docs_index.layout import is_litter
from docs_index.paths import Name, is_folder, is_link, is_there, naming

_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


class Staging:
    """An open folder of unpublished directories, so that paths below it are short.

    A directory is named `name`, or `outer/inner` where its parent directory is
    published with it if the parent does not exist yet.
    """

    def __init__(self, path: Name, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def write(
        self,
        directory: str,
        contents: Mapping[str, bytes],
        *,
        links: Mapping[str, str] | None = None,
        synced: bool = False,
    ) -> None:
        """Write a directory with these files; `links` maps hard links to file names.

        Without `synced`, the caller syncs the file system before it publishes.
        """
        outer, _, inner = directory.partition("/")
        try:
            os.mkdir(outer, dir_fd=self._descriptor)
            if inner:
                os.mkdir(directory, dir_fd=self._descriptor)
            for name, content in contents.items():
                path = f"{directory}/{name}"
                write_file(path, content, dir_fd=self._descriptor, synced=synced)
            for name, target in (links or {}).items():
                self._link(f"{directory}/{target}", f"{directory}/{name}")
            if synced:
                sync(f"{self.path}/{directory}")
                sync(f"{self.path}/{outer}")
        except OSError as error:
            error.filename = f"{self.path}/{directory}"
            raise

    def publish(self, directory: str, final: Name) -> bool:
        """Rename a directory to its final name, or remove it if that name is taken.

        Returns whether it was published. The caller syncs the folder above it.
        """
        outer, _, inner = directory.partition("/")
        above = os.path.dirname(final)
        if inner and self._renamed(outer, above):
            return True
        is_free = not (inner and is_link(above)) and not is_there(final)
        is_published = is_free and self._renamed(directory, final)
        with naming(f"{self.path}/{outer}"):
            if not is_published:
                shutil.rmtree(outer, dir_fd=self._descriptor)
            elif inner:
                os.rmdir(outer, dir_fd=self._descriptor)
        return is_published

    def _link(self, path: str, name: str) -> None:
        folder = self._descriptor
        os.link(path, name, src_dir_fd=folder, dst_dir_fd=folder)

    def _renamed(self, directory: str, final: Name) -> bool:
        """Rename a directory; return False if the final name is taken."""
        try:
            os.rename(directory, final, src_dir_fd=self._descriptor)
        except OSError as error:
            if error.errno in _TAKEN:
                return False
            error.filename, error.filename2 = final, None
            raise
        return True


@contextmanager
def opened_staging(folder: Name) -> Iterator[Staging]:
    """Hold a folder of unpublished directories open for a block."""
    with _opened_directory(folder) as descriptor:
        yield Staging(folder, descriptor)


def publish_directory(
    final: Path, contents: Mapping[str, bytes], unpublished: Path
) -> None:
    """Publish a directory durably; an existing one must hold the same files.

    The folder `unpublished` is made, and removed if it is empty afterwards.

    Raises:
        TakenError: the final name belongs to something else.
        OSError: writing failed; the directory is complete or absent.
    """
    had_parent = is_there(final.parent)
    if not is_there(final):
        _publish_new(final, contents, unpublished)
    elif not holds_exactly(final, contents):
        raise TakenError(final)
    if had_parent:  # a new parent is published with it, and is synced already
        sync(final.parent)
    sync(final.parent.parent)
    _tidy(unpublished, final.name)


def _publish_new(final: Path, contents: Mapping[str, bytes], unpublished: Path) -> None:
    directory = f"{final.name}/{final.name}"
    make_folder(unpublished.parent)
    unpublished.mkdir(exist_ok=True)
    remove_tree(unpublished / final.name)  # a killed program's
    try:
        with opened_staging(unpublished) as staging:
            staging.write(directory, contents, synced=True)
            make_folder(final.parent.parent)
            if not staging.publish(directory, final):
                raise TakenError(final)
    except BaseException:
        with suppress(OSError):  # the first error counts
            _tidy(unpublished, final.name)
        raise


def _tidy(unpublished: Path, name: str) -> None:
    """Remove what was not published; other names are a killed run's, for the next."""
    remove_tree(unpublished / name)
    try:
        unpublished.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise


def holds_exactly(final: Path, contents: Mapping[str, bytes]) -> bool:
    """Tell whether a directory, reached by no link, holds these files and no others."""
    if is_link(final) or is_link(final.parent) or not is_folder(final):
        return False
    if {name for name in os.listdir(final) if not is_litter(name)} != set(contents):
        return False
    return all(holds(final / name, content) for name, content in contents.items())


def remove_tree(folder: Name) -> None:
    """Remove a folder with all that is in it, if it is there."""
    with naming(folder), suppress(FileNotFoundError, NotADirectoryError):
        shutil.rmtree(folder)


def sync_file_system(folder: Name) -> None:
    """Flush the file system of a folder: one call per batch, not one per file."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        os.sync()
        return
    with _opened_directory(folder) as descriptor:
        if libc.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), folder)


@contextmanager
def _opened_directory(folder: Name) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
