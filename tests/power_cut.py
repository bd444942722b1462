"""A model of a disk that loses what no sync has made durable when the power is cut.

Owns what may be lost. `Disk` has a folder as programs see it, and what of it is
durable; `cut` makes of it one of the folders that a power cut may leave:

- Data of a file is durable after fsync or fdatasync of that file, or syncfs. Until then
  each write and truncation may be kept, lost, kept as zeros where the file grows, or
  kept in some of its sectors alone. A sector is written whole.
- A change of names (create, rename, unlink, mkdir, rmdir) is kept or lost as a whole.
  It is durable after fsync of a folder that it changes, or syncfs. It is kept only if
  all earlier changes in the same folders are. fsync of a file makes none of its names
  durable, and changes in different folders do not wait for each other.

Journalling file systems lose less: they keep the order of all changes of names. Nothing
here knows which program wrote. The folder that a disk begins with is only read.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

SECTOR = 512


@dataclass(frozen=True, eq=False)
class Change:
    """A write to a file, or with `data` None its truncation to the size `offset`."""

    offset: int
    data: bytes | None


@dataclass(eq=False)
class File:
    """A file: what is durable, and the changes since then.

    `origin` is a file with the durable content, if it is that of the beginning.
    """

    origin: Path | None = None
    durable: bytes = b""
    pending: list[Change] = field(default_factory=list)

    def settled(self) -> bytes:
        """Return what is durable."""
        return self.origin.read_bytes() if self.origin else self.durable

    def current(self) -> bytes:
        """Return what programs read."""
        return changed(self.settled(), self.pending)


@dataclass(eq=False)
class Folder:
    """A folder: its names as programs see them, and those that are durable."""

    names: dict[str, "Node"] = field(default_factory=dict)
    durable: dict[str, "Node"] = field(default_factory=dict)


Node = File | Folder


@dataclass(frozen=True, eq=False)
class Naming:
    """A change of names that is kept or lost as a whole; None takes a name away."""

    names: tuple[tuple[Folder, str, Node | None], ...]

    def meets(self, folders: set[int]) -> bool:
        """Tell whether it changes one of the folders."""
        return any(id(folder) in folders for folder, _, _ in self.names)

    def folders(self) -> set[int]:
        """Return the folders that it changes."""
        return {id(folder) for folder, _, _ in self.names}


@dataclass(frozen=True)
class Syncing:
    """What a sync that has begun makes durable once it ends."""

    namings: list[Naming]
    changes: list[tuple[File, list[Change]]]


class Disk:
    """A folder, with what is durable of it. Paths are relative to it."""

    def __init__(self, folder: Path) -> None:
        self.root = _loaded(folder)
        self.files: list[File] = []  # with changes that are not durable
        self.namings: list[Naming] = []  # that are not durable

    # What programs do ----------------------------------------------------------------

    def find(self, path: str) -> Node | None:
        """Return the file or folder of a path, None without one."""
        node: Node = self.root
        for name in filter(None, path.split("/")):
            if not isinstance(node, Folder) or name not in node.names:
                return None
            node = node.names[name]
        return node

    def create(self, path: str, node: Node | None = None) -> Node:
        """Make a file, or what is given, such as a new folder."""
        made = node or File()
        folder, name = self._place(path)
        self._rename((folder, name, made))
        return made

    def write(self, file: File, offset: int, data: bytes) -> None:
        """Write to a file."""
        self._change(file, Change(offset, data))

    def truncate(self, file: File, size: int) -> None:
        """Cut a file off, or let it grow by zeros."""
        self._change(file, Change(size, None))

    def rename(self, old: str, new: str) -> None:
        """Rename a file or folder, in place of what has the new name."""
        folder, name = self._place(old)
        above, final = self._place(new)
        self._rename((folder, name, None), (above, final, folder.names[name]))

    def remove(self, path: str) -> None:
        """Remove a name of a file, or an empty folder."""
        self._rename((*self._place(path), None))

    def begin_sync(self, node: Node | None) -> Syncing:
        """Begin to sync a file, a folder, or with None all."""
        if node is None:
            return Syncing(
                list(self.namings), [(file, list(file.pending)) for file in self.files]
            )
        if isinstance(node, File):
            return Syncing([], [(node, list(node.pending))])
        return Syncing(self._up_to({id(node)}), [])

    def end_sync(self, syncing: Syncing) -> None:
        """End a sync: what was there at its beginning is durable."""
        for naming in syncing.namings:
            if naming in self.namings:  # of two syncs at once, the other was earlier
                self.namings.remove(naming)
                _apply(naming)
        for file, changes in syncing.changes:
            done = [change for change in changes if change in file.pending]
            file.durable = changed(file.settled(), done)
            file.origin = None if done else file.origin
            file.pending = [each for each in file.pending if each not in done]

    def sync(self, node: Node | None = None) -> None:
        """Sync a file, a folder, or all, at once."""
        self.end_sync(self.begin_sync(node))

    # What a power cut leaves ---------------------------------------------------------

    def cut(self, chance: Random) -> None:
        """Cut the power: from now on, programs see what chance has kept."""
        share = chance.choice((0.0, 0.5, 0.9, 1.0))
        lost: set[int] = set()
        for naming in self.namings:
            if naming.meets(lost) or chance.random() >= share:
                lost |= naming.folders()
            else:
                _apply(naming)
        for file in self.files:
            if file.pending:
                file.durable, file.origin = _survived(file, chance), None
                file.pending = []
        self.namings, self.files = [], []
        _forget(self.root)

    def write_to(self, folder: Path, may_link: Callable[[str], bool]) -> None:
        """Write what programs see to a new folder; link unchanged files if allowed."""
        _write(self.root, folder, may_link)

    def _place(self, path: str) -> tuple[Folder, str]:
        above, _, name = path.rpartition("/")
        folder = self.find(above)
        assert isinstance(folder, Folder), path
        return folder, name

    def _rename(self, *names: tuple[Folder, str, Node | None]) -> None:
        for folder, name, node in names:
            if node is None:
                del folder.names[name]
            else:
                folder.names[name] = node
        self.namings.append(Naming(names))

    def _change(self, file: File, change: Change) -> None:
        if not file.pending:
            self.files.append(file)
        file.pending.append(change)

    def _up_to(self, folders: set[int]) -> list[Naming]:
        """Return the changes in these folders, with those they are kept only after."""
        found: list[Naming] = []
        for naming in reversed(self.namings):
            if naming.meets(folders):
                folders |= naming.folders()
                found.append(naming)
        return found[::-1]


def changed(content: bytes, changes: list[Change]) -> bytes:
    """Return a content with changes made, in their order."""
    made = bytearray(content)
    for change in changes:
        if change.data is None:
            made = made[: change.offset].ljust(change.offset, b"\0")
        else:
            end = change.offset + len(change.data)
            made = made.ljust(change.offset, b"\0")
            made[change.offset : end] = change.data
    return bytes(made)


def _survived(file: File, chance: Random) -> bytes:
    """Return one of the contents that a file may have after a power cut."""
    before = file.settled()
    kind = chance.choice(("none", "all", "first", "zeros", "some"))
    if kind == "none":
        return before
    if kind == "all":
        return file.current()
    if kind == "first":
        return changed(before, file.pending[: chance.randrange(len(file.pending) + 1)])
    if kind == "zeros":  # the size is kept, and what is new has not been written
        return before.ljust(len(file.current()), b"\0")[: len(file.current())]
    kept: list[Change] = []
    for change in file.pending:
        kept += [part for part in _sectors(change) if chance.random() < 0.5]
    return changed(before, kept)


def _sectors(change: Change) -> list[Change]:
    if change.data is None:
        return [change]
    parts, start = [], 0
    while start < len(change.data):
        end = start + SECTOR - (change.offset + start) % SECTOR
        parts.append(Change(change.offset + start, change.data[start:end]))
        start = end
    return parts


def _apply(naming: Naming) -> None:
    for folder, name, node in naming.names:
        if node is None:
            folder.durable.pop(name, None)
        else:
            folder.durable[name] = node


def _loaded(path: Path) -> Folder:
    names: dict[str, Node] = {}
    for entry in os.scandir(path):
        assert not entry.is_symlink(), entry.path
        place = Path(entry.path)
        names[entry.name] = _loaded(place) if entry.is_dir() else File(origin=place)
    return Folder(names, dict(names))


def _forget(folder: Folder) -> None:
    folder.names = dict(folder.durable)
    for node in folder.names.values():
        if isinstance(node, Folder):
            _forget(node)


def _write(folder: Folder, path: Path, may_link: Callable[[str], bool]) -> None:
    path.mkdir()
    for name, node in folder.names.items():
        place = path / name
        if isinstance(node, Folder):
            _write(node, place, may_link)
        elif node.origin and not node.pending and may_link(name):
            os.link(node.origin, place)
        elif node.origin and not node.pending:
            shutil.copy2(node.origin, place)
        else:
            place.write_bytes(node.current())
