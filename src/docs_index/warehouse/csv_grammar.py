"""Check CSV files: each is accepted whole or refused.

`check_table` reads a file once and compares every byte with the grammar of RFC 4180;
`csv_columns` judges its header, `csv_diagnosis` names what a refused file is, and
`csv_table` lets DuckDB read the checked file. None interprets a value, and none
writes. Contract: section 2 of docs/rules.md.
"""

import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from docs_index.disk.confined import NotRegularError, file_version, open_file
from docs_index.errors import SHOWN, StorageError, TableRefusedError, first_few
from docs_index.warehouse.csv_columns import Columns
from docs_index.warehouse.csv_diagnosis import BOM, Diagnosis, Kind, diagnosed

MAX_LINE_BYTES = 16 * 2**20
ANY_COLUMNS = Columns()
_ADVICE = "mend the file or export it again, then run again; nothing was written"
_ONE = "this command mends it; then run again; nothing was written"
_SEVERAL = "these commands, one after the other, mend it; then run again"
_LONGEST = MAX_LINE_BYTES + 3  # with a line end, and one byte too many
_BLOCK_BYTES = 2**20
_ODD = (
    b'"',
    b"\r",
    b"\0",
    BOM,
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
            return file_version(self.path.stat()) == self.identity
        except FileNotFoundError:
            return False


class _Contents(NamedTuple):
    """The content of a file; with `faults` it is not well-formed."""

    header: tuple[str, ...]
    newline: str
    data_rows: int
    sha256: str
    faults: list["_Fault"]


class _Fault(NamedTuple):
    """What is wrong with a record."""

    kind: Kind
    words: str


def check_table(path: Path, columns: Columns = ANY_COLUMNS) -> Table:
    """Check a CSV file, and its header by the columns that are known.

    Raises:
        TableRefusedError: the file is not well-formed; lists the first five faults.
        StorageError: the file cannot be read.
    """
    try:
        descriptor, status = open_file(path, follow=True)
        with open(descriptor, "rb") as file:
            found = _plain_contents(file) or _contents(file)
        faults = _all_faults(found, columns)
        kinds = {fault.kind for fault in found.faults}
        named = diagnosed(path, kinds, columns) if faults else []
    except IsADirectoryError:
        raise TableRefusedError(f"{path} is a directory, not a CSV file") from None
    except NotRegularError:
        message = f"{path} is not a regular file, so it is not a CSV file"
        raise TableRefusedError(message) from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    if faults:
        raise TableRefusedError(_refusal(path, found, faults, named))
    return Table(
        path=path,
        header=found.header,
        newline=found.newline,
        data_rows=found.data_rows,
        sha256=found.sha256,
        identity=file_version(status),
    )


def lines_of_rows(path: Path, rows: Collection[int]) -> dict[int, int]:
    """Return the number of the line at which each of some data rows begins.

    Both count from 1; the file is one that `check_table` takes. Editors show lines,
    and a value may hold line ends.

    Raises:
        StorageError: the file cannot be read.
    """
    found: dict[int, int] = {}
    row = -1
    try:
        descriptor, _ = open_file(path, follow=True)
        with open(descriptor, "rb") as file:
            for line, record in _records(file):
                row += bool(_bare(record, line).rstrip(b"\r\n"))
                if row in rows:
                    found.setdefault(row, line)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    return found


def _all_faults(found: _Contents, columns: Columns) -> list[str]:
    """Return the faults of the header, then those of the records."""
    faults = [fault.words for fault in found.faults]
    if not found.header and faults:
        return faults
    has_rows = bool(found.data_rows or faults)
    return columns.faults(found.header, has_rows=has_rows) + faults


def _refusal(
    path: Path, found: _Contents, faults: list[str], named: list[Diagnosis]
) -> str:
    """Say what is wrong, in which lines, and what to do."""
    if any(diagnosis.explains_all for diagnosis in named):
        faults = [fault.words for fault in found.faults] or [
            f"line 1: {', '.join(found.header)[:80]!r}"
        ]
    what = "; ".join(diagnosis.words for diagnosis in named)
    lines = [f"{path} is refused as a whole:{' ' * bool(what)}{what}"]
    lines.append(first_few(faults))
    commands = [diagnosis.command for diagnosis in named if diagnosis.command]
    advice = _ADVICE
    if commands:
        advice = f"{_ONE if len(commands) == 1 else _SEVERAL}:"
    return "\n".join([*lines, advice, *commands])


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
    faults: list[_Fault] = []
    digest = hashlib.sha256()
    for line, record in _records(file):
        digest.update(record)
        text = _bare(record, line)
        ending = _line_end(text)
        body = text[: len(text) - len(ending)]
        newline = newline or ending
        fault = _fault(body, ending, newline, header)
        if fault:
            words = f"line {line}: {fault.words}: {body[:80]!r}"
            faults.append(_Fault(fault.kind, words))
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
    return record.removeprefix(BOM) if line == 1 else record


def _line_end(text: bytes) -> bytes:
    if text.endswith(b"\r\n"):
        return b"\r\n"
    return b"\n" if text.endswith(b"\n") else b""


def _fault(
    body: bytes, ending: bytes, newline: bytes, header: tuple[str, ...]
) -> _Fault | None:
    """Return the fault of a record; `header` is empty before the first one."""
    if len(body) > MAX_LINE_BYTES:
        words = f"longer than {MAX_LINE_BYTES} bytes, or a quote is never closed"
        return _Fault(Kind.OTHER, words)
    try:
        body.decode()
    except UnicodeDecodeError as error:
        words = f"is not UTF-8 (byte {error.start + 1} of the row)"
        return _Fault(Kind.ENCODING, words)
    if b"\0" in body:
        return _Fault(Kind.NUL, "holds a NUL byte")
    if body.removeprefix(b'"').startswith(BOM):
        return _mark_fault(body, header)
    if ending not in (newline, b""):
        words = "has another line end than the first line: use LF or CRLF, not both"
        return _Fault(Kind.LINE_END, words)
    if not body:
        return None
    if b'"' not in body and b"\r" not in body:
        found = body.count(b",") + 1
    elif _RECORD.fullmatch(body):
        found = len(_values(body))
    else:
        return _quoting_fault(body)
    if header and found != len(header):
        words = f"has {found} field(s) where the header has {len(header)}"
        return _Fault(Kind.OTHER, words)
    return None


def _mark_fault(body: bytes, header: tuple[str, ...]) -> _Fault:
    """Tell a byte-order mark before a row from one before another header."""
    rest = body.replace(BOM, b"", 1)
    names = tuple(_values(rest)) if _RECORD.fullmatch(rest) else ()
    if names != header and not set(names).isdisjoint(header):
        words = "begins with a byte-order mark, and is a header of other columns"
        return _Fault(Kind.OTHER, words)
    return _Fault(Kind.MARK, "begins with a byte-order mark")


def _quoting_fault(body: bytes) -> _Fault:
    if body.rstrip(b"\r") != body and _RECORD.fullmatch(body.rstrip(b"\r")):
        return _Fault(Kind.LINE_END, "holds a CR outside quotes, before its line end")
    words = "holds a quote inside an unquoted value"
    good = _RECORD.match(body)
    at = good.end() if good else 0
    if body.count(b'"') % 2 and _OPEN_QUOTE.fullmatch(body):
        words = "a quote is opened and never closed"
    elif body[at : at + 1] == b"\r":
        words = "holds a CR outside quotes: line ends must be LF or CRLF"
    elif body[at - 1 : at] == b'"':
        words = "goes on after a closing quote (quotes inside a value are doubled)"
    return _Fault(Kind.OTHER, words)


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
