"""Turn rows into the records of a mapping: the elements of `each`, and their values.

Owns which column of `mapped_rows` holds which path. Compares and joins nothing.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from docs_index.warehouse.histories.configuration import MappingSource
from docs_index.warehouse.histories.json_values import TOO_DEEP, compact, text_of
from docs_index.warehouse.histories.text_rows import Row
from docs_index.warehouse.histories.values import (
    Constant,
    ElementNumber,
    Extractor,
    OfFileName,
    Path,
    Record,
    Value,
    parse_part,
)

FieldRow = tuple[str, str, int, str, str, bool, str | None, str]


class Mapped(NamedTuple):
    """A record as a row of `mapped_rows`: its values, or why it is none."""

    position: str
    fault: str | None
    values: list[str | None]


@dataclass(frozen=True)
class _Column:
    part: Path | ElementNumber
    is_json: bool


class Mapping:
    """A mapping with a column for each path that it has."""

    def __init__(self, name: str, keys: MappingSource) -> None:
        self._name = name
        self._keys = keys
        self._extractor = Extractor()
        self._columns: dict[_Column, int] = {}
        self.fields = list(self._fields())
        self._finders = [
            (self._extractor.finder(column.part), column.is_json)
            for column in self._columns
        ]
        self._lists = [(each, self._extractor.finder(each)) for each in keys.each]
        self._rows = 0
        self._deepest = 0  # how many lists of `each` some row has had

    @property
    def width(self) -> int:
        """The number of its columns."""
        return len(self._columns)

    @property
    def list_keys(self) -> tuple[str, ...]:
        """The keys that lead to the list of `each`, none if others or none do."""
        return list_keys(self._keys.each)

    @property
    def absent_list(self) -> int | None:
        """The index of the first list of `each` that no row has had; None without."""
        is_whole = not self._rows or self._deepest == len(self._lists)
        return None if is_whole else self._deepest

    def _fields(self) -> Iterator[FieldRow]:
        """Yield the rows of `fields`, and give each path its column."""
        for field, value in self._keys.values():
            is_json = field.startswith("keep.") and len(value.parts) == 1
            for number, part in enumerate(value.parts, 1):
                kind, text = self._meant(part, is_json)
                yield self._field(field, number, kind, text, value)
        links = [("follows", self._keys.follows)]
        links += [(f"targets.{n}", to) for n, to in enumerate(self._keys.targets, 1)]
        for role, link in links:
            if link and link.source is not None:
                value = Value((), link.source)
                field = f"{role}.source"
                yield self._field(field, 1, "constant", link.source, value)
        for number, (key, accepted) in enumerate(self._keys.where.items(), 1):
            value = Value((parse_part(key),), key)
            kind, text = self._meant(value.parts[0], is_json=False)
            yield self._field(
                f"where.{number}", 1, kind, text, value, json.dumps(accepted)
            )

    def _field(
        self,
        field: str,
        number: int,
        kind: str,
        text: str,
        value: Value,
        accepted: str | None = None,
    ) -> FieldRow:
        return (
            self._name, field, number, kind, text, value.is_optional, accepted,
            value.written,
        )  # fmt: skip

    def _meant(self, part: Any, is_json: bool) -> tuple[str, str]:
        if isinstance(part, Constant):
            return "constant", part.text
        if isinstance(part, OfFileName):
            return "file", part.expression
        column = self._columns.setdefault(
            _Column(part, is_json), len(self._columns) + 1
        )
        return "json" if is_json else "column", f"v{column}"

    def records(self, row: Row) -> Iterator[Mapped]:
        """Yield the records of a row; one that cannot be read is one, with a fault."""
        if row.fault:
            yield Mapped(row.position, row.fault, [])
            return
        self._rows += 1
        if not self._lists:
            yield self._mapped(row.position, Record(row.value))
            return
        try:
            found = list(self._elements(Record(row.value), row.position, 0, row.first))
        except _NoListError as error:
            yield Mapped(row.position, str(error), [])
            return
        for position, record in found:
            yield self._mapped(position, record)

    def _mapped(self, position: str, record: Record) -> Mapped:
        try:
            return Mapped(position, None, self._values(record))
        except RecursionError:
            return Mapped(position, TOO_DEEP, [])

    def _elements(
        self, record: Record, position: str, level: int, first: int
    ) -> Iterator[tuple[str, Record]]:
        if level == len(self._lists):
            yield position, record
            return
        path, find = self._lists[level]
        found = find(record)
        if type(found) is str:
            inside = self._extractor.inside(found)
            found = inside if isinstance(inside, list) else found
        if found is not None:
            # Nothing is known of what would be in an empty list.
            deepest = level + 1 if found else len(self._lists)
            self._deepest = max(self._deepest, deepest)
        if found is None or found == []:
            if self._keys.kind == "generation":
                yield position, Record(record.row)
            return
        if not isinstance(found, list):
            raise _NoListError(f"{path.text!r} is no list, which `each` needs")
        for number, element in enumerate(found, first):
            inner = Record(record.row, element, number)
            yield from self._elements(inner, f"{position}.{number}", level + 1, 1)

    def _values(self, record: Record) -> list[str | None]:
        values: list[str | None] = []
        for find, is_json in self._finders:
            value = find(record)
            if is_json:
                value = None if value is None else compact(value, is_strict=True)
            elif value is not None and type(value) is not str:
                value = text_of(value)
            values.append(value)
        return values


class _NoListError(ValueError):
    """A row has no list where `each` says."""


def list_keys(each: Sequence[Path]) -> tuple[str, ...]:
    """Return the keys that lead to the first list of `each`, none if others do."""
    steps = each[0].steps if each else None
    keys = tuple(step for step in steps or () if isinstance(step, str))
    return keys if len(keys) == len(steps or ()) else ()
