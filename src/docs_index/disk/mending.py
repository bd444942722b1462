"""Put single files back into a published directory, and move damaged ones aside.

Owns every such rename; `directories` publishes whole directories. A damaged file is
moved to a new folder before the good one gets its name: nothing is overwritten or
deleted. A kill at any moment leaves a file missing at most. No link is followed: the
folders on the way are opened one after the other.
"""

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from docs_index.disk.confined import NOT_A_FILE, open_file
from docs_index.disk.directories import opened_staging, publish_directory, remove_tree
from docs_index.paths import is_folder, is_link, is_there

_NO_FOLDER = (errno.ELOOP, errno.ENOTDIR)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Mended:
    """A directory of `docs`, with the folder that its damaged files are moved to.

    `path` is relative to `docs`. Damaged files are moved to the folders `1`, `2` and so
    on of the same path below `aside`, one for each call of `put_back`.
    """

    def __init__(self, docs: Path, path: str, aside: Path, unpublished: Path) -> None:
        self.final = docs / path
        self.unpublished = unpublished
        self._aside = aside
        self._docs = docs
        self._parts = path.split("/")

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, None if it is missing, or is not a regular file."""
        try:
            with self._opened(self._parts) as folder:
                descriptor, _ = open_file(name, dir_fd=folder)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno in NOT_A_FILE:
                return None
            error.filename = str(self.final / name)
            raise
        with open(descriptor, "rb") as file:
            return file.read()

    def has(self, name: str) -> bool:
        """Tell whether something has this name in the directory, of whatever kind."""
        try:
            with self._opened(self._parts) as folder:
                return _exists(name, folder)
        except (FileNotFoundError, NotADirectoryError):
            return False

    @property
    def is_blocked(self) -> bool:
        """Whether a folder above the directory is a link or a file."""
        try:
            with self._opened(self._parts[:-1]):
                return False
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno in _NO_FOLDER:
                return True
            raise

    @property
    def is_displaced(self) -> bool:
        """Whether a link or a file is where the directory should be."""
        return is_there(self.final) and (
            is_link(self.final) or not is_folder(self.final)
        )

    @property
    def has_room_aside(self) -> bool:
        """Whether a rename can move damaged files aside: on one file system."""
        return os.stat(self._docs).st_dev == os.stat(self._aside.parent).st_dev

    def put_back(self, contents: Mapping[str, bytes]) -> Path | None:
        """Give the directory these files, and move aside what has their names.

        Returns the folder that something was moved to, if anything was.

        Raises:
            TakenError: another program has just made the directory.
            OSError: writing failed; call it again to complete it.
        """
        moved = None
        if self.is_displaced:
            with self._opened(self._parts[:-1]) as folder:
                moved = self._move_aside(self._parts[-1:], folder)
        if not is_there(self.final):
            publish_directory(self.final, contents, self.unpublished)
            return moved
        with self._opened(self._parts) as folder:
            taken = [name for name in contents if _exists(name, folder)]
            with self._staged(contents) as staged:
                if taken:
                    moved = self._move_aside(taken, folder)
                for name in contents:
                    os.rename(f"{staged}/{name}", name, dst_dir_fd=folder)
                os.fsync(folder)
        return moved

    def keep(self, name: str) -> Path:
        """Give a file of the directory one more name in the folder for damaged files.

        Returns that folder. A file that has such a name already keeps it. What is not a
        regular file is moved there.

        Raises:
            OSError: it failed; call it again to complete it.
        """
        if kept := self.kept(name):
            return kept
        with self._opened(self._parts) as folder:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISREG(status.st_mode):
                return self._move_aside([name], folder)
            with self._new_folder() as (target, descriptor):
                os.link(name, name, src_dir_fd=folder, dst_dir_fd=descriptor)
                os.fsync(descriptor)
        return target

    def kept(self, name: str) -> Path | None:
        """Return the folder in which a file of the directory has one more name."""
        path = [self._aside.name, *self._parts]
        try:
            with (
                self._opened(self._parts) as folder,
                _opened_folder(self._aside.parent) as top,
                _opened_below(top, path) as above,
            ):
                wanted = os.stat(name, dir_fd=folder, follow_symlinks=False)
                for number in sorted(os.listdir(above)):
                    if _is_same(f"{number}/{name}", above, wanted):
                        return self._aside.joinpath(*self._parts, number)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return None

    def _move_aside(self, names: Iterable[str], folder: int) -> Path:
        """Move what has these names in an open folder to a new folder, durably."""
        with self._new_folder() as (target, descriptor):
            for name in names:
                os.rename(name, name, src_dir_fd=folder, dst_dir_fd=descriptor)
            os.fsync(descriptor)
        os.fsync(folder)
        return target

    @contextmanager
    def _new_folder(self) -> Iterator[tuple[Path, int]]:
        """Make the next folder for damaged files, and hold it open for a block."""
        path = [self._aside.name, *self._parts]
        with (
            _opened_folder(self._aside.parent) as top,
            _opened_below(top, path, is_made=True) as above,
        ):
            number = next(str(n) for n in count(1) if not _exists(str(n), above))
            with _opened_below(above, [number], is_made=True) as folder:
                yield self._aside.joinpath(*self._parts, number), folder

    @contextmanager
    def _staged(self, contents: Mapping[str, bytes]) -> Iterator[Path]:
        """Write files, synced, to a folder that is removed after the block."""
        name = self._parts[-1]
        self.unpublished.mkdir(exist_ok=True)
        remove_tree(self.unpublished / name)  # a killed program's
        try:
            with opened_staging(self.unpublished) as staging:
                staging.write(name, contents, synced=True)
            yield self.unpublished / name
        finally:
            remove_tree(self.unpublished / name)
            with suppress(OSError):  # not empty after a kill
                self.unpublished.rmdir()

    @contextmanager
    def _opened(self, parts: Sequence[str]) -> Iterator[int]:
        with _opened_folder(self._docs) as top, _opened_below(top, parts) as folder:
            yield folder


@contextmanager
def _opened_folder(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _opened_below(
    top: int, parts: Sequence[str], *, is_made: bool = False
) -> Iterator[int]:
    """Open a folder below an open one, following no link; make it if it is missing."""
    descriptor = os.dup(top)
    try:
        for part in parts:
            if is_made and not _exists(part, descriptor):
                os.mkdir(part, dir_fd=descriptor)
                os.fsync(descriptor)
            below = os.open(part, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def _is_same(path: str, folder: int, wanted: os.stat_result) -> bool:
    try:
        found = os.stat(path, dir_fd=folder, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return os.path.samestat(found, wanted)


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
