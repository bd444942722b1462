"""Open a history's file once: its bytes, its checksum, and its rows by their format.

Owns which names a reader knows. A row is yielded with its position as people count it,
and with a fault where it is no record; nothing in a file stops the reading of it, but
what makes all of it unreadable, such as a doubled column. Files are opened through
`disk.confined`; an error of the machine is raised as it is.
"""

import csv
import gzip
import hashlib
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from docs_index.disk.confined import NotRegularError, open_file
from docs_index.errors import DataRootError, TableRefusedError
from docs_index.paths import is_of_a_path, real_path
from docs_index.warehouse.histories.json_stream import Part, read_parts
from docs_index.warehouse.histories.json_values import JsonReader, is_unicode, no_record

_BOM = b"\xef\xbb\xbf"
_BLOCK_BYTES = 2**20
_TORN = (EOFError, gzip.BadGzipFile, zlib.error)
_MOST_CELL_CHARS = min(sys.maxsize, 2**31 - 1)
_CHANGED = "changed while the build read it: run again when nothing writes to it"


class Row(NamedTuple):
    """A row of a file: its value, and its text where the file has one, or a fault."""

    position: str
    value: Any
    text: str | None = None
    fault: str | None = None


@dataclass
class HistoryFile:
    """A file of a source; what was found of it is there after it was read."""

    source: str
    number: int
    root: Path
    name: str
    rows: int = 0
    size_bytes: int = 0
    sha256: str = ""
    identity: tuple[int, ...] = field(default=())

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.root / self.name

    @property
    def suffix(self) -> str:
        """What its name ends with, such as `.jsonl`; without `.gz`."""
        return suffix_of(self.name)

    def refuse(self, what: str) -> TableRefusedError:
        """Return the error that refuses this file."""
        return TableRefusedError(f"{self.path} is refused as a whole: {what}")

    def refuse_if_changed(self) -> None:
        """Check that the file is the one that was read.

        Raises:
            TableRefusedError: it has changed or is gone.
        """
        try:
            is_same = identity_of(self.path.stat()) == self.identity
        except FileNotFoundError:
            is_same = False
        if not is_same:
            raise TableRefusedError(f"{self.path} {_CHANGED}")

    @contextmanager
    def opened(self) -> Iterator["Reading"]:
        """Open the file, and note its size, identity and checksum after the block.

        Raises:
            TableRefusedError: the file is gone, or no regular file.
            DataRootError: it leads out of the data root.
        """
        try:
            target = Path(real_path(self.path))
            if not target.is_relative_to(self.root):
                raise DataRootError(
                    f"{self.path} leads out of the data root, to {target}"
                )
            descriptor, status = open_file(target)
        except (IsADirectoryError, NotRegularError):
            raise self.refuse("it is not a regular file") from None
        except OSError as error:
            if is_of_a_path(error):
                raise TableRefusedError(f"{self.path} {_CHANGED}") from error
            raise
        self.identity = identity_of(status)
        self.size_bytes = status.st_size
        with open(descriptor, "rb", buffering=0) as raw:
            reading = Reading(raw, is_gzip=self.name.lower().endswith(".gz"))
            yield reading
            self.sha256 = reading.checksum()
        self.refuse_if_changed()


def identity_of(status: os.stat_result) -> tuple[int, ...]:
    """Return what changes whenever a file does."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def suffix_of(name: str) -> str:
    """Return what a file's name ends with, in lower case and without `.gz`."""
    return Path(name.lower().removesuffix(".gz")).suffix


class _Hashed(io.RawIOBase):
    """A file whose bytes are hashed as they are read."""

    def __init__(self, raw: io.FileIO) -> None:
        self.raw = raw
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self.raw.readinto(buffer) or 0
        self.digest.update(memoryview(buffer)[:size])
        return size


class Reading:
    """The bytes of an open file, unpacked where it is compressed."""

    def __init__(self, raw: io.FileIO, *, is_gzip: bool) -> None:
        self.raw = raw
        self._hashed = _Hashed(raw)
        self._plain = io.BufferedReader(self._hashed, _BLOCK_BYTES)
        self._bytes: io.BufferedIOBase = self._plain
        if is_gzip:
            self._bytes = gzip.GzipFile(fileobj=self._plain, mode="rb")

    def read(self, size: int) -> bytes:
        """Return some bytes, none at the end.

        Raises:
            EOFError: the file is compressed, and torn or damaged.
        """
        try:
            return self._bytes.read(size)
        except _TORN as error:
            raise _torn(error) from None

    def line(self) -> bytes:
        """Return the next line with its end, nothing at the end; raises as `read`."""
        try:
            return self._bytes.readline()
        except _TORN as error:
            raise _torn(error) from None

    def checksum(self) -> str:
        """Read the file to its end, and return the SHA-256 of all of its bytes."""
        while self._plain.read(_BLOCK_BYTES):
            pass
        return self._hashed.digest.hexdigest()


def _torn(error: Exception) -> EOFError:
    return EOFError(f"the compressed file is torn or damaged: {error}")


def json_lines(file: Reading) -> Iterator[Row]:
    """Yield the lines that are not blank, by their numbers."""
    reader = JsonReader()
    number = 0
    while True:
        number += 1
        try:
            line = file.line()
        except EOFError as error:
            yield Row(str(number), None, None, str(error))
            return
        if not line:
            return
        if number == 1:
            line = line.removeprefix(_BOM)
        line = line.strip(b" \t\r\n")
        if not line:
            continue
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            fault = f"it is not UTF-8 (byte {error.start + 1} of the line)"
            yield Row(str(number), None, None, fault)
            continue
        value, fault_ = reader.record(text)
        yield Row(str(number), value, text, fault_)


def json_elements(file: Reading) -> Iterator[Row]:
    """Yield the elements of a list, or the one object."""
    for number, part in enumerate(read_parts(file), 1):
        yield row_of(part, number)


def row_of(part: Part, number: int) -> Row:
    """Return an element, or the object around it, as a row."""
    value, fault = part.verdict
    return Row(str(number), value, part.text, fault or no_record(value))


def csv_rows(file: Reading, source: HistoryFile) -> Iterator[Row]:
    """Yield the rows of a CSV file below its header; an empty value is None.

    Raises:
        TableRefusedError: the header cannot be read.
    """
    csv.field_size_limit(_MOST_CELL_CHARS)
    text = io.TextIOWrapper(
        io.BufferedReader(_Unpacked(file), _BLOCK_BYTES),
        "utf-8-sig",
        errors="surrogateescape",
        newline="",
    )
    records = csv.reader(text, strict=True)
    header: list[str] | None = None
    number = 0
    is_torn = False
    while not is_torn:
        cells, fault = [], None
        try:
            cells = next(records)
        except StopIteration:
            break
        except csv.Error as error:
            fault = f"it is no row of CSV: {error}"
        except EOFError as error:
            fault, is_torn = str(error), True
        if not cells and not fault:
            continue
        if not all(map(is_unicode, cells)):
            fault = "it is not UTF-8"
        if header is None:
            header = _checked_header(cells, fault, source)
            continue
        number += 1
        if fault is None and len(cells) != len(header):
            fault = f"it has {len(cells)} values where the header has {len(header)}"
        if fault:
            yield Row(str(number), None, None, fault)
        else:
            pairs = zip(header, cells, strict=True)
            yield Row(str(number), {name: cell or None for name, cell in pairs})
    if header is None:
        raise source.refuse("it is empty, without a header")


def _checked_header(
    cells: list[str], fault: str | None, source: HistoryFile
) -> list[str]:
    if fault:
        raise source.refuse(f"its header cannot be read: {fault}")
    doubled = sorted({name for name in cells if name and cells.count(name) > 1})
    if doubled:
        raise source.refuse(
            f"the header has the column {doubled[0]!r} twice: rename one of them"
        )
    return cells


class _Unpacked(io.RawIOBase):
    """A `Reading` as Python's own readers take it."""

    def __init__(self, file: Reading) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
