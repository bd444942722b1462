"""Values of a mapping: what a text of `histories.yml` means, and what a row has there.

Owns the grammar of values: `a.b[1].c` of the row, `.x`, `.`, `#` and `#-1` of the
element of `each`, `= text` for a constant, `file /RE/` for a part of the file's name,
and a list of these, which may begin with `optional`. Joins nothing: that is SQL's.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from docs_index.warehouse.histories.json_values import JsonReader, Number

OPTIONAL = "optional"
_MOST_TEXTS = 8
Steps = tuple[str | int, ...]
_FILE = re.compile(r"file\s+/(.*)/", re.DOTALL)
_NAME = re.compile(r"[^.\[\]]+")
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<number>[0-9]+)\]")


class ValueFaultError(ValueError):
    """A text is no value; the message says what to write."""


@dataclass(frozen=True)
class Path:
    """A place in a row, or in the element of `each`; a step is a key or a number.

    Where the row has a column of the whole name, it is meant. `steps` is None for a
    name that is no path, and empty for all of the element.
    """

    text: str
    of_element: bool = False
    steps: Steps | None = None

    @property
    def name(self) -> str:
        """The whole name, as a column may have it."""
        return self.text.removeprefix(".") if self.of_element else self.text


@dataclass(frozen=True)
class ElementNumber:
    """The number of the element in its list from 1, plus `offset`; none below 1."""

    offset: int = 0

    @property
    def text(self) -> str:
        """The text that means it."""
        return f"#{self.offset or ''}"


@dataclass(frozen=True)
class Constant:
    """The same text for every record."""

    text: str


@dataclass(frozen=True)
class OfFileName:
    """The first group of a regular expression in the file's name."""

    expression: str


Part = Path | ElementNumber | Constant | OfFileName


@dataclass(frozen=True)
class Value:
    """Parts that are joined with a slash; `written` is the value in the file."""

    parts: tuple[Part, ...]
    written: str
    is_optional: bool = False

    @property
    def needs_element(self) -> bool:
        """Whether it has a part of an element of `each`."""
        return any(map(is_of_element, self.parts))


def is_of_element(part: Part) -> bool:
    """Tell whether a part is of an element of `each`."""
    return isinstance(part, ElementNumber) or (
        isinstance(part, Path) and part.of_element
    )


def parse_value(given: object) -> Value:
    """Return the value that a text or a list of texts means.

    Raises:
        ValueFaultError: it means nothing.
    """
    if not isinstance(given, list):
        return Value((parse_part(given),), str(given))
    is_optional = given[:1] == [OPTIONAL]
    parts = tuple(parse_part(each) for each in given[is_optional:])
    if not parts:
        raise ValueFaultError("the list is empty: name a column or a path")
    return Value(parts, f"[{', '.join(map(str, given))}]", is_optional)


def parse_part(given: object) -> Part:
    """Return what one text means; raises as `parse_value` does."""
    if given is None:
        raise ValueFaultError("there is no value: name a column, or take the key out")
    if type(given) is not str:
        kind = "a list" if isinstance(given, list) else "keys"
        if isinstance(given, str):
            kind = "a number, a truth value or a date"
        raise ValueFaultError(
            f"{given} is {kind}: write '= {given}' for a constant, or '{given}' in "
            "quotes for a column"
            if isinstance(given, str)
            else f"{kind} cannot be here: write a column, a path, '= text' or "
            "'file /RE/'"
        )
    if given.startswith("="):
        return Constant(given[1:].strip())
    if found := _FILE.fullmatch(given):
        return OfFileName(found[1])
    if given in ("#", "#-1"):
        return ElementNumber(-1 if given == "#-1" else 0)
    if given.startswith("#"):
        raise ValueFaultError(
            f"{given!r} is no value: '#' is the number of the element, '#-1' that of "
            "the one before"
        )
    return parse_path(given)


def parse_path(given: str) -> Path:
    """Return the place that a text means."""
    if not given.strip():
        raise ValueFaultError("there is no value: name a column, or take the key out")
    of_element = given.startswith(".")
    if given == ".":
        return Path(given, True, ())
    first = given if of_element else f".{given}"
    steps: list[str | int] = []
    at = 0
    while step := _STEP.match(first, at):
        steps.append(step["name"] or int(step["number"]))
        at = step.end()
    return Path(given, of_element, tuple(steps) if at == len(first) else None)


@dataclass(slots=True)
class Record:
    """A record: its row, and the element of `each` with its number, if it has one."""

    row: dict[str, Any]
    element: Any = None
    number: int | None = None


Finder = Callable[[Record], Any]


class Extractor:
    """Makes functions that find what records have at a place.

    A text on the way to a place is read as JSON, if it is JSON.
    """

    def __init__(self) -> None:
        self._reader = JsonReader()
        self._read: dict[str, Any] = {}

    def finder(self, part: Path | ElementNumber) -> Finder:
        """Return a function that finds a place; None where a record has nothing."""
        if isinstance(part, ElementNumber):
            return partial(_number, part.offset)
        name, steps = part.name, part.steps
        if part.of_element:
            if not steps:
                return _element if steps == () else partial(self._inner, name, ())
            return partial(self._inner, name, steps)
        if steps is None or len(steps) == 1:
            return partial(_of_row, name)
        return partial(self._outer, name, steps)

    def _outer(self, name: str, steps: Steps, record: Record) -> Any:
        row = record.row
        return row[name] if name in row else self._walk(row, steps)

    def _inner(self, name: str, steps: Steps, record: Record) -> Any:
        element = record.element
        if type(element) is str:
            element = self.inside(element)
        if type(element) is dict and name in element:
            return element[name]
        return self._walk(element, steps) if steps else None

    def _walk(self, value: Any, steps: Steps) -> Any:
        for step in steps:
            if type(value) is str:
                value = self.inside(value)
            if type(value) is dict and type(step) is str:
                value = value.get(step)
            elif type(value) is list and type(step) is int and step < len(value):
                value = value[step]
            else:
                return None
        return value

    def inside(self, text: str) -> Any:
        """Return the value of a text that is JSON, None for another.

        The last ones are kept: several paths may lead into one text.
        """
        if text in self._read:
            return self._read[text]
        value, fault = self._reader.value(text)
        if len(self._read) > _MOST_TEXTS:
            self._read.clear()
        self._read[text] = None if fault else value
        return self._read[text]


def _of_row(name: str, record: Record) -> Any:
    return record.row.get(name)


def _element(record: Record) -> Any:
    return record.element


def _number(offset: int, record: Record) -> Any:
    if record.number is None or record.number + offset < 1:
        return None
    return Number(record.number + offset)
