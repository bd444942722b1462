"""The first rows of a file, and the names that are in them.

Owns which names a person could mean: the columns of a row, the paths into its objects,
and those of the elements of a list. Reads a few rows only, and judges none of them.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path as PathOfFile
from typing import Any

from docs_index.warehouse.histories.checking import NamedSource
from docs_index.warehouse.histories.configuration import MappingSource
from docs_index.warehouse.histories.history_file import HistoryFile, Reading
from docs_index.warehouse.histories.mapping import list_keys
from docs_index.warehouse.histories.reading import rows_of
from docs_index.warehouse.histories.text_rows import Row
from docs_index.warehouse.histories.values import Extractor, Path, Record

LOOKED_AT = 200
_FILES = 20  # of a source, in which rows are looked for
_DEEP = 2  # keys above the last one of a path
_LIKE = 0.6


@contextmanager
def opened_to_look(file: HistoryFile) -> Iterator[Reading]:
    """Open a file of which only the first rows are read: none of its facts count."""
    with file.opened(is_whole=False) as reading:
        yield reading


def first_rows(
    file: HistoryFile, keys: Sequence[str] = (), query: str | None = None
) -> list[Row]:
    """Return the first rows of a file, with those that cannot be read.

    `keys` lead to a list in the one object of a file, whose elements are then rows.
    """
    with opened_to_look(file) as reading:
        return list(islice(rows_of(file, reading, keys, query), LOOKED_AT))


def rows_of_source(root: PathOfFile, source: NamedSource) -> list[dict[str, Any]]:
    """Return the first rows of a mapping that can be read."""
    assert isinstance(source.keys, MappingSource)
    found: list[dict[str, Any]] = []
    for number, name in enumerate(source.files[:_FILES], 1):
        file = HistoryFile(source.name, number, root, name)
        rows = first_rows(file, list_keys(source.keys.each), source.keys.query)
        found += [row.value for row in rows if not row.fault]
        if len(found) >= LOOKED_AT:
            break
    return found


def elements_of(rows: Iterable[Any], lists: Sequence[Path]) -> list[Any]:
    """Return the elements of the lists of `each`, one list after the other."""
    extractor = Extractor()
    found = [Record(row) for row in rows]
    for path in lists:
        find = extractor.finder(path)
        inner = []
        for record in found:
            value = find(record)
            value = extractor.inside(value) if type(value) is str else value
            if isinstance(value, list):
                inner += [Record(record.row, element, 1) for element in value]
        found = inner
    return [record.element for record in found] if lists else list(rows)


def names_in(rows: Iterable[Any]) -> list[str]:
    """Return the names and paths that objects have, in their order."""
    found: dict[str, None] = {}

    def note(value: Mapping[str, Any], above: str) -> None:
        for key, inner in value.items():
            if isinstance(inner, dict) and inner and above.count(".") < _DEEP:
                note(inner, f"{above}{key}.")
            else:
                found[f"{above}{key}"] = None

    for row in rows:
        if isinstance(row, dict):
            note(row, "")
    return list(found)


def nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the name that was probably meant, if one is like it."""
    by_lower = {each.lower(): each for each in reversed(known)}
    near = difflib.get_close_matches(name.lower(), by_lower, 1, _LIKE)
    if near:
        return by_lower[near[0]]
    last = name.rpartition(".")[2]
    return next((each for each in known if each.rpartition(".")[2] == last), None)
