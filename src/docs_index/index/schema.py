"""The schema of the index: of an empty one, and how another one differs from it.

SQLite itself reports both: of an empty index, from the schema in memory. Opens no file.
"""

import functools
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import NamedTuple

from docs_index.resources import sql

Columns = list[tuple[str, str]]
"""The columns of a table in their order: name, and type as the schema declares it."""


class Difference(NamedTuple):
    """A table, look-up index or trigger that is not as this program makes it."""

    kind: str
    name: str
    state: str

    @property
    def is_made_last(self) -> bool:
        """Tell whether a run makes it at its end, so that a killed run lacks it."""
        return self.kind == "index" and self.state == _MISSING

    def __str__(self) -> str:
        """Return it as the beginning of a sentence."""
        return f"{self.kind} {self.name} {self.state}"


_MISSING = "is missing"


def index_tables() -> dict[str, Columns]:
    """Return the columns of each table of the index, in the order of the schema."""
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(sql("index/schema.sql"))
        tables: dict[str, Columns] = {}
        for table, column, declared in empty.execute(sql("index/columns.sql")):
            tables.setdefault(table, []).append((column, declared.lower()))
        return tables


def differences(index: sqlite3.Connection) -> Iterator[Difference]:
    """Yield how this program's tables differ; those of other programs do not count."""
    expected = expected_objects()
    found = _objects(index, {name for kind, name in expected if kind == "table"})
    for key in sorted(expected.keys() | found.keys()):
        if key not in expected:
            yield Difference(*key, "is not of this program")
        elif key not in found:
            yield Difference(*key, _MISSING)
        elif expected[key] != found[key]:
            yield Difference(*key, "is not as it was made")


@functools.cache
def expected_objects() -> Mapping[tuple[str, str], str]:
    """Return the statement of each object of the index, by its kind and name."""
    with closing(sqlite3.connect(":memory:")) as empty:
        for script in ("index/schema.sql", "index/lookups.sql"):
            empty.executescript(sql(script))
        return _objects(empty, set(index_tables()))


def _objects(index: sqlite3.Connection, tables: set[str]) -> dict[tuple[str, str], str]:
    """Return the objects that are on these tables, whose names have no case."""
    rows = index.execute(
        "select type, name, tbl_name, sql from sqlite_master where sql is not null"
    ).fetchall()
    return {
        (kind, name): made
        for kind, name, table, made in rows
        if table.lower() in tables
    }
