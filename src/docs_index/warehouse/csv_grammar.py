"""Check CSV files: each is accepted whole or refused.

`check_table` reads a file once and compares every byte with the grammar of RFC 4180;
`csv_table` lets DuckDB read the checked file. Neither interprets a value, and neither
writes. Contract: section 2 of docs/rules.md.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from docs_index.disk.confined import NotRegularError, open_file
from docs_index.errors import SHOWN, StorageError, TableRefusedError, first_few

MAX_LINE_BYTES = 16 * 2**20
MAX_COLUMNS = 10_000  # DuckDB's time grows with the square of their number
_ADVICE = "mend the file or export it anew, then run again; nothing was written"
_BOM = b"\xef\xbb\xbf"
_LONGEST = MAX_LINE_BYTES + 3  # with a line end, and one byte too many
_BLOCK_BYTES = 2**20
_ODD = (
    b'"',
    b"\r",
    b"\0",
    _BOM,
)  # a file with one of these is checked record by record

# Possessive: a record matches in one pass or not at all.
_FIELD = rb'(?:"(?:[^"]++|"")*+"|[^",\r\n]*+)'
_RECORD = re.compile(rb"%b(?:,%b)*+" % (_FIELD, _FIELD))
_ONE_FIELD = re.compile(_FIELD)
_OPEN_QUOTE = re.compile(rb'(?:%b,)*+"(?:[^"]++|"")*+' % _FIELD)


@dataclass(frozen=True)
class Table:
    """The form of a well-formed CSV file; `identity` changes whenever the file does."""

    path: Path
    header: tuple[str, ...]
    newline: str
    data_rows: int
    sha256: str
    identity: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        """The size of the file that was checked."""
        return self.identity[0]

    def is_unchanged(self) -> bool:
        """Tell whether the file is still the one that was checked."""
        try:
            return _identity(self.path.stat()) == self.identity
        except FileNotFoundError:
            return False


class _Contents(NamedTuple):
    """The content of a file; with `faults` it is not well-formed."""

    header: tuple[str, ...]
    newline: str
    data_rows: int
    sha256: str
    faults: list[str]


def check_table(path: Path, required: Sequence[str] = ()) -> Table:
    """Check a CSV file; it must have at least one of the columns `required`.

    Raises:
        TableRefusedError: the file is not well-formed; lists the first five faults.
        StorageError: the file cannot be read.
    """
    try:
        descriptor, status = open_file(path, follow=True)
        with open(descriptor, "rb") as file:
            found = _plain_contents(file) or _contents(file)
    except IsADirectoryError:
        raise TableRefusedError(f"{path} is a directory, not a CSV file") from None
    except NotRegularError:
        message = f"{path} is not a regular file, so no CSV file"
        raise TableRefusedError(message) from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    faults = found.faults
    if found.header or not faults:
        faults = _header_faults(found.header, required) + faults
    if faults:
        listed = first_few(faults)
        raise TableRefusedError(f"{path} is refused as a whole:\n{listed}\n{_ADVICE}")
    return Table(
        path=path,
        header=found.header,
        newline=found.newline,
        data_rows=found.data_rows,
        sha256=found.sha256,
        identity=_identity(status),
    )


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _plain_contents(file: BinaryIO) -> _Contents | None:
    """Check a file without quotes, with LF after each line and no empty line.

    Most have that form, and many lines are checked together. None means a file
    of any other form, well-formed or not; it was read in part.
    """
    digest = hashlib.sha256()
    header = ""
    data_rows = -1
    rest = b""
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
        text, _, rest = (rest + block).rpartition(b"\n")
        try:
            first, _, _ = text.decode().partition("\n")
        except UnicodeDecodeError:
            return None
        header = header or first
        lines = text.split(b"\n")
        commas = {line.count(b",") for line in lines}
        if commas != {header.count(",")} or not all(lines):
            return None
        if any(odd in text for odd in _ODD):
            return None
        data_rows += len(lines)
    if rest or data_rows < 0:
        return None
    return _Contents(tuple(header.split(",")), "\n", data_rows, digest.hexdigest(), [])


def _contents(file: BinaryIO) -> _Contents:
    """Check a file of any form, record by record, and collect its faults."""
    file.seek(0)
    header: tuple[str, ...] = ()
    newline = b""
    data_rows = 0
    faults: list[str] = []
    digest = hashlib.sha256()
    for line, record in _records(file):
        digest.update(record)
        text = _bare(record, line)
        ending = _line_end(text)
        body = text[: len(text) - len(ending)]
        newline = newline or ending
        fault = _fault(body, ending, newline, len(header))
        if fault:
            faults.append(f"line {line}: {fault}: {body[:80]!r}")
        elif body and not header:
            header = tuple(_values(body))
        elif body:
            data_rows += 1
        if len(faults) > SHOWN:
            break
    return _Contents(
        header, newline.decode() or "\n", data_rows, digest.hexdigest(), faults
    )


def _records(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield (line number, bytes) for each record, with its line end.

    A record is a line, or several where a quote stays open; what cannot be a record
    is yielded unchanged.
    """
    first, size, quotes = 1, 0, 0
    lines: list[bytes] = []
    for number, line in enumerate(iter(lambda: file.readline(_LONGEST), b""), 1):
        if not lines:
            first, size, quotes = number, 0, 0
            opens = line.count(b'"') % 2 and _OPEN_QUOTE.fullmatch(_bare(line, first))
        lines.append(line)
        size += len(line)
        quotes += line.count(b'"')
        if not (opens and quotes % 2 and size < _LONGEST):
            yield first, b"".join(lines)
            lines = []
    if lines:
        yield first, b"".join(lines)


def _bare(record: bytes, line: int) -> bytes:
    return record.removeprefix(_BOM) if line == 1 else record


def _line_end(text: bytes) -> bytes:
    if text.endswith(b"\r\n"):
        return b"\r\n"
    return b"\n" if text.endswith(b"\n") else b""


def _fault(body: bytes, ending: bytes, newline: bytes, fields: int) -> str | None:
    """Return the fault of a record; its table has `fields` columns (0: unknown)."""
    if len(body) > MAX_LINE_BYTES:
        return f"longer than {MAX_LINE_BYTES} bytes, or a quote is never closed"
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return f"is not UTF-8 (byte {error.start + 1} of the row)"
    if b"\0" in body:
        return "holds a NUL byte"
    if ending not in (newline, b""):
        return "ends with another line end than the first line: LF or CRLF, not both"
    if not body:
        return None
    if b'"' not in body and b"\r" not in body:
        found = body.count(b",") + 1
    elif _RECORD.fullmatch(body):
        found = len(_values(body))
    else:
        return _quoting_fault(body)
    if fields and found != fields:
        return f"has {found} field(s) where the header has {fields}"
    return None


def _quoting_fault(body: bytes) -> str:
    if body.count(b'"') % 2 and _OPEN_QUOTE.fullmatch(body):
        return "a quote is opened and never closed"
    good = _RECORD.match(body)
    at = good.end() if good else 0
    if body[at : at + 1] == b"\r":
        return "holds a CR outside quotes: line ends must be LF or CRLF"
    if body[at - 1 : at] == b'"':
        return "goes on after a closing quote (quotes inside a value are doubled)"
    return "holds a quote inside an unquoted value"


def _values(body: bytes) -> list[str]:
    """Return the values of a well-formed record without their quotes."""
    values = []
    position = 0
    while position <= len(body):
        field = _ONE_FIELD.match(body, position)
        assert field is not None, "an empty field matches anywhere"
        text = field.group().decode()
        quoted = text.startswith('"')
        values.append(text[1:-1].replace('""', '"') if quoted else text)
        position = field.end() + 1
    return values


def _header_faults(header: Sequence[str], required: Sequence[str]) -> list[str]:
    if not header:
        return ["line 1: there is no header line, the file is empty"]
    if len(header) > MAX_COLUMNS:
        return [f"line 1: has {len(header)} columns, more than {MAX_COLUMNS}"]
    faults = []
    seen: dict[str, str] = {}
    for name in header:
        twin = seen.get(name.casefold())
        if twin is not None:
            faults.append(f"line 1: columns {twin!r} and {name!r} have the same name")
        seen[name.casefold()] = name
    if required and not set(required).intersection(header):
        due = " or ".join(repr(name) for name in required)
        found = ", ".join(repr(name) for name in header)
        hint = ""
        if len(header) == 1 and re.search("[;\t]", header[0]):
            hint = "; values must be separated by commas"
        faults.append(f"line 1: no column {due}; found {found[:300]}{hint}")
    return faults
