"""The rows of files of text: JSON lines, JSON lists, and CSV.

Owns the positions of rows as people count them. A row that is no record is yielded with
its fault; nothing in a file stops the reading of it, but what makes all of it
unreadable, such as a header with one column twice. What follows a torn end is one row.
"""

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
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
    """A row of a file: its value, and its text where the file has one; or a fault.

    `first` is the number of the first element that is there of a list in the row.
    """

    position: str
    value: Any
    text: str | None = None
    fault: str | None = None
    first: int = 1


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


def object_elements(file: Reading, keys: Sequence[str]) -> Iterator[Row]:
    """Yield the one object of a file once per element of a list in it.

    Each time the list has that element alone, so that a list of any length is read;
    the file is read twice, since what is around the list may follow it. A file of
    another form is read as `json_elements` does.
    """
    try:
        is_object = file.first() == b"{"
    except EOFError:
        is_object = False
    if not is_object:
        yield from json_elements(file)
        return
    amount, rest = 0, None
    for part in read_parts(file, keys):
        amount += part.is_element
        rest = rest if part.is_element else part
    if rest is None or not amount or rest.verdict.fault:
        yield faulty(1, "it is no object") if rest is None else row_of(rest, 1)
        return
    around = rest.verdict.value
    if ".".join(keys) in around:
        yield Row("1", around)
        return
    file.begin_again()
    for number, part in enumerate(islice(read_parts(file, keys), amount), 1):
        value, fault = part.verdict
        if fault:
            yield Row(f"1.{number}", None, None, fault)
        else:
            yield Row("1", _with(around, keys, value), first=number)


def _with(around: dict[str, Any], keys: Sequence[str], element: Any) -> dict[str, Any]:
    """Return an object with a list of one element, at a path of keys."""
    key, *inner = keys
    below = _with(around[key], inner, element) if inner else [element]
    return {**around, key: below}


def row_of(part: Part, number: int) -> Row:
    """Return an element, or the object around it, as a row."""
    value, fault = part.verdict
    return Row(str(number), value, part.text, fault or no_record(value))


def csv_rows(source: HistoryFile, file: Reading) -> Iterator[Row]:
    """Yield the rows of a CSV file below its header; an empty value is None.

    Raises:
        TableRefusedError: the header cannot be read.
    """
    try:
        file.first()
    except EOFError as error:
        yield faulty(1, str(error))
        return
    records = _records(file)
    header, fault = next(records, ([], None))
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
