"""The rows of files of text: JSON lines, JSON lists, and CSV.

Owns the positions of rows as people count them. A row that is no record is yielded with
its fault; nothing in a file stops the reading of it, but what makes all of it
unreadable, such as a header with one column twice. What follows a torn end is one row.
"""

import csv
import io
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from docs_index.warehouse.histories.history_file import HistoryFile, Reading
from docs_index.warehouse.histories.json_stream import Part, read_parts
from docs_index.warehouse.histories.json_values import (
    BLANKS,
    JsonReader,
    is_unicode,
    no_record,
)

_BOM = b"\xef\xbb\xbf"
_MOST_CELL_CHARS = min(sys.maxsize, 2**31 - 1)
_NO_UTF8 = "it is not UTF-8"


class Row(NamedTuple):
    """A row of a file: its value, and its text where the file has one; or a fault."""

    position: str
    value: Any
    text: str | None = None
    fault: str | None = None


def faulty(number: int, fault: str) -> Row:
    """Return a row that is no record."""
    return Row(str(number), None, None, fault)


def json_lines(file: Reading) -> Iterator[Row]:
    """Yield the lines that are not blank, by their numbers."""
    reader = JsonReader()
    number = 0
    while True:
        number += 1
        try:
            line = file.line()
        except EOFError as error:
            yield faulty(number, str(error))
            return
        if not line:
            return
        if number == 1:
            line = line.removeprefix(_BOM)
        try:
            text = line.decode().strip(BLANKS)
        except UnicodeDecodeError as error:
            yield faulty(number, f"{_NO_UTF8} (byte {error.start + 1} of the line)")
            continue
        if text:
            value, fault = reader.record(text)
            yield Row(str(number), value, text, fault)


def json_elements(file: Reading) -> Iterator[Row]:
    """Yield the elements of a list, or the one object."""
    for number, part in enumerate(read_parts(file), 1):
        yield row_of(part, number)


def row_of(part: Part, number: int) -> Row:
    """Return an element, or the object around it, as a row."""
    value, fault = part.verdict
    return Row(str(number), value, part.text, fault or no_record(value))


def csv_rows(source: HistoryFile, file: Reading) -> Iterator[Row]:
    """Yield the rows of a CSV file below its header; an empty value is None.

    Raises:
        TableRefusedError: the header cannot be read.
    """
    records = _records(file)
    header, fault = next(records, ([], "it is empty"))
    if fault:
        raise source.refuse(f"its header cannot be read: {fault}")
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise source.refuse(f"its header has the column {doubled[0]!r} twice")
    for number, (cells, fault) in enumerate(records, 1):
        if fault is None and len(cells) != len(header):
            fault = f"it has {len(cells)} values where the header has {len(header)}"
        if fault:
            yield faulty(number, fault)
        else:
            pairs = zip(header, cells, strict=True)
            yield Row(str(number), {name: cell or None for name, cell in pairs})


def _records(file: Reading) -> Iterator[tuple[list[str], str | None]]:
    """Yield the values of each record that is not blank, or its fault."""
    csv.field_size_limit(_MOST_CELL_CHARS)
    text = io.TextIOWrapper(
        file.stream(), "utf-8-sig", errors="surrogateescape", newline=""
    )
    records = csv.reader(text, strict=True)
    while True:
        try:
            cells = next(records)
        except StopIteration:
            return
        except csv.Error as error:
            yield [], f"it is no row of CSV: {error}"
        except EOFError as error:
            yield [], str(error)
            return
        else:
            if cells:
                yield cells, None if all(map(is_unicode, cells)) else _NO_UTF8
