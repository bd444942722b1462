"""Open a file of a history once: its bytes, unpacked, and what was found of the file.

Owns what tells whether a file has changed, and its checksum. A file is opened through
`disk.confined`, and only inside the data root, with links followed; an error of the
machine is raised as it is. Writes nothing but copies into a scratch folder.
"""

import codecs
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from docs_index.disk.confined import NotRegularError, file_version, open_file
from docs_index.errors import DataRootError, TableRefusedError
from docs_index.paths import is_of_a_path, is_there, naming, real_path

_BLOCK_BYTES = 2**20
_PEEKED_BYTES = 2**12
_TORN = (EOFError, gzip.BadGzipFile, zlib.error)
_CHANGED = "changed while the build read it: run again when nothing writes to it"
Identity = tuple[int, ...] | None
"""What changes whenever a file does; None for a file that is missing."""


@dataclass
class HistoryFile:
    """A file of a source, with the facts that reading it has found.

    `number` is its position among the files of the source. `identities` are those of
    the file, and of files next to it that belong to it.
    """

    source: str
    number: int
    root: Path
    name: str
    rows: int = 0
    size_bytes: int = 0
    sha256: str = ""
    identities: dict[Path, Identity] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.root / self.name

    @property
    def suffix(self) -> str:
        """What its name ends with, such as `.jsonl`; without `.gz`."""
        return suffix_of(self.name)

    @property
    def is_packed(self) -> bool:
        """Whether its name says that it is compressed by gzip."""
        return self.name.lower().endswith(".gz")

    def refuse(self, what: str) -> TableRefusedError:
        """Return the error that refuses this file."""
        return TableRefusedError(
            f"{self.path} is refused as a whole: {what}\ncorrect the file, or take it "
            "out of histories.yml, then run again; nothing was written"
        )

    def refuse_if_changed(self) -> None:
        """Check that the file, and what belongs to it, is what was read.

        Raises:
            TableRefusedError: it has changed or is gone.
        """
        for path, identity in self.identities.items():
            if identity_of(path) != identity:
                raise TableRefusedError(f"{path} {_CHANGED}")

    @contextmanager
    def opened(self, *, is_whole: bool = True) -> Iterator["Reading"]:
        """Open the file; note its size and checksum after the block, if `is_whole`.

        Raises:
            TableRefusedError: the file is gone, has changed, or is no regular file.
            DataRootError: it leads out of the data root.
        """
        descriptor, status = self._open()
        self.identities[self.path] = file_version(status)
        self.size_bytes = status.st_size
        with naming(self.path), open(descriptor, "rb", buffering=0) as raw:
            reading = Reading(raw, is_packed=self.is_packed)
            yield reading
            if is_whole:
                self.sha256 = reading.checksum()
        if is_whole:
            self.refuse_if_changed()

    def _open(self) -> tuple[int, os.stat_result]:
        try:
            target = Path(real_path(self.path))
            if not target.is_relative_to(self.root):
                words = f"leads out of the data root, to {target}"
                raise DataRootError(f"{self.path} {words}: put the file itself there")
            return open_file(target)
        except (IsADirectoryError, NotRegularError):
            raise self.refuse("it is not a regular file") from None
        except OSError as error:
            if is_of_a_path(error):
                raise TableRefusedError(f"{self.path} {_CHANGED}") from error
            raise

    def copy_beside(self, ending: str, copy: Path) -> None:
        """Copy a file that belongs to this one, if it is there: `ending` ends its name.

        Raises:
            TableRefusedError: it is no regular file.
        """
        path = Path(f"{real_path(self.path)}{ending}")
        self.identities[path] = identity_of(path)
        if not is_there(path):
            return
        try:
            descriptor, status = open_file(path)
        except OSError as error:
            if is_of_a_path(error):
                raise self.refuse(f"{path} is not a regular file") from error
            raise
        self.identities[path] = file_version(status)
        with naming(path), open(descriptor, "rb") as beside, open(copy, "xb") as file:
            while block := beside.read(_BLOCK_BYTES):
                file.write(block)


def identity_of(path: Path) -> Identity:
    """Return what changes whenever a file does."""
    try:
        return file_version(path.stat())
    except OSError as error:
        if is_of_a_path(error):
            return None
        raise


def suffix_of(name: str) -> str:
    """Return what a file's name ends with, in lower case and without `.gz`."""
    return Path(name.lower().removesuffix(".gz")).suffix


class Reading:
    """The bytes of an open file, unpacked where it is compressed."""

    def __init__(self, raw: io.FileIO, *, is_packed: bool) -> None:
        self._raw = raw
        self._is_packed = is_packed
        self._checksum: str | None = None
        self._begin()

    def _begin(self) -> None:
        self._hashed = _Hashed(self._raw)
        self._plain = io.BufferedReader(self._hashed, _BLOCK_BYTES)
        self._bytes: io.BufferedReader[Any] | gzip.GzipFile = self._plain
        if self._is_packed:
            self._bytes = gzip.GzipFile(fileobj=self._plain, mode="rb")
        self._damage: EOFError | None = None

    def read(self, size: int, /) -> bytes:
        """Return so many bytes, fewer before the end or a damage, none at the end.

        Raises:
            EOFError: the file is compressed, and torn or damaged from here on.
        """
        blocks: list[bytes] = []
        left = size
        while left and not self._damage:
            try:
                block = self._bytes.read1(left)
            except _TORN as error:
                self._damage = _torn(error)
                break
            if not block:
                break
            blocks.append(block)
            left -= len(block)
        if self._damage and not blocks:
            raise self._damage
        return b"".join(blocks)

    def first(self) -> bytes:
        """Return the first byte that is neither blank nor of a mark, b"" without one.

        Looks at some bytes only, and leaves them to be read; raises as `read`.
        """
        try:
            start = self._bytes.peek(_PEEKED_BYTES)
        except _TORN as error:
            raise _torn(error) from None
        return start.removeprefix(codecs.BOM_UTF8).lstrip()[:1]

    def line(self) -> bytes:
        """Return the next line with its end, nothing at the end; raises as `read`."""
        try:
            return self._bytes.readline()
        except _TORN as error:
            raise _torn(error) from None

    def stream(self) -> io.BufferedReader:
        """Return the bytes as Python's own readers take them; raises as `read`."""
        return io.BufferedReader(_Unpacked(self), _BLOCK_BYTES)

    def copy_to(self, path: Path) -> None:
        """Write the unpacked bytes to a new file; raises as `read`."""
        with open(path, "xb") as copy:
            while block := self.read(_BLOCK_BYTES):
                copy.write(block)

    @contextmanager
    def anywhere(self) -> Iterator[BinaryIO]:
        """Let a block read the bytes in any order; the checksum reads them again."""
        file = io.BufferedReader(self._raw)
        yield file
        file.detach()
        self._raw.seek(0)

    def checksum(self) -> str:
        """Read the file to its end, and return the SHA-256 of all of its bytes."""
        if self._checksum is None:
            while self._plain.read(_BLOCK_BYTES):
                pass
            self._checksum = self._hashed.digest.hexdigest()
        return self._checksum

    def begin_again(self) -> None:
        """Go back to the beginning."""
        self.checksum()
        self._raw.seek(0)
        self._begin()


def _torn(error: Exception) -> EOFError:
    return EOFError(f"the compressed file is torn or damaged: {error}")


class _Hashed(io.RawIOBase):
    """A file whose bytes are hashed as they are read."""

    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self._raw.readinto(buffer) or 0
        self.digest.update(memoryview(buffer)[:size])
        return size


class _Unpacked(io.RawIOBase):
    """A `Reading` as a file."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._reading.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
