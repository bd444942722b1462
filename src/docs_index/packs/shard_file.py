"""Read what can be read of one shard, which may be damaged.

Readers take a shard whole or not at all (`reading`). An audit reads the row groups that
are left of a damaged one. What the machine could not do is never taken for damage.
Writes nothing.
"""

import functools
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

import duckdb

from docs_index.disk.confined import digest_of, open_file
from docs_index.errors import StorageError
from docs_index.layout import Layout
from docs_index.packs.connecting import connected
from docs_index.packs.content import Packed
from docs_index.packs.manifest import Shard, fits_name, shard_named
from docs_index.paths import is_of_a_path
from docs_index.quoting import glob_escaped
from docs_index.resources import sql

LONGEST_METADATA: Final = 2**27
_FETCH = 500
_GROUP_ROWS = 500  # of a shard whose row groups cannot be told

Rows = tuple[int, int]
"""A range of rows: the number of the first, and of the one after the last."""


class Outline(NamedTuple):
    """A row without its texts; a size is None where the document lacks the file."""

    row: int
    doc_id: str
    doc_dir: str
    raw: int | None
    parsed: int | None
    prompt: int | None
    metadata: int | None
    metadata_text: bytes | None


class ShardFile:
    """A shard, of which some row groups may be damaged: their rows are left out.

    Every method raises StorageError or OSError if the machine failed.
    """

    def __init__(self, layout: Layout, file: str) -> None:
        self.path = layout.packs / file
        self._is_damaged = False

    def groups(self) -> list[Rows]:
        """Return the rows of each row group, none of a shard that cannot be opened."""
        if not self._is_openable():
            return []
        try:
            counts = [count for _, count in self._numbered("packs/row_groups.sql")]
        except duckdb.Error as error:
            self._refuse_failure(error)
            counts = self._equal_groups()
        return list(pairwise(accumulate(counts, initial=0)))

    def rows(self) -> Rows:
        """Return the range of all rows."""
        groups = self.groups()
        return (0, groups[-1][1]) if groups else (0, 0)

    def outlines(self, rows: Rows) -> Iterator[Outline]:
        """Yield the rows of a range without their texts."""
        longest = {"longest": LONGEST_METADATA}
        yield from map(Outline._make, self._rows("packs/outlines.sql", rows, **longest))

    def documents(self, rows: Rows) -> Iterator[tuple[int, Packed]]:
        """Yield the rows of a range, each with its number."""
        for row, *values in self._rows("packs/rows.sql", rows):
            yield row, Packed._make(values)

    def names(self) -> Iterator[tuple[int, str]]:
        """Yield the number and the doc_dir of every row."""
        yield from self._rows("packs/row_names.sql", self.rows())

    def _equal_groups(self) -> list[int]:
        """Return groups of equal size: statistics may be damaged where rows are not."""
        try:
            [(_, total)] = self._numbered("packs/row_count.sql")
        except duckdb.Error as error:
            self._refuse_failure(error)
            return []
        whole, rest = divmod(total, _GROUP_ROWS)
        return [_GROUP_ROWS] * whole + [rest] * bool(rest)

    def _numbered(self, statement: str) -> list[tuple[int, int]]:
        rows = _connection().execute(sql(statement), self._file()).fetchall()
        return [(number, count) for number, (count,) in enumerate(rows)]

    def _rows(
        self, statement: str, rows: Rows, **values: object
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a range; after an error those of each group by itself."""
        at, end = rows
        if at == end:
            return
        try:
            for row in self._read(statement, rows, values):
                at = row[0] + 1
                yield row
            return
        except duckdb.Error as error:
            self._refuse_failure(error)
        for first, last in self.groups():
            part = max(first, at), min(last, end)
            if part[0] >= part[1]:
                continue
            try:
                yield from self._read(statement, part, values)
            except duckdb.Error as error:
                self._refuse_failure(error)

    def _read(
        self, statement: str, rows: Rows, values: dict[str, object]
    ) -> Iterator[tuple[Any, ...]]:
        limits = {"first": rows[0], "last": rows[1] - 1}
        cursor = _connection().cursor()
        cursor.execute(sql(statement), {**self._file(), **limits, **values})
        while fetched := cursor.fetchmany(_FETCH):
            yield from fetched

    def _file(self) -> dict[str, object]:
        return {"file": glob_escaped(self.path)}

    def _is_openable(self) -> bool:
        try:
            descriptor, _ = open_file(self.path)
        except PermissionError:
            return False
        except OSError as error:
            if is_of_a_path(error):
                return False
            raise
        with open(descriptor, "rb"):
            return True

    def _refuse_failure(self, error: duckdb.Error) -> None:
        """Raise an error of the machine: the shard is as it was written.

        Raises:
            StorageError: there was too little memory, or reading failed for a moment.
        """
        is_of_memory = isinstance(error, duckdb.OutOfMemoryException)
        if not is_of_memory and not self._is_damaged:
            sha256, _ = digest_of(self.path)
            self._is_damaged = not fits_name(self.path.name, sha256)
        is_of_reading = isinstance(error, duckdb.IOException) and not self._is_damaged
        if is_of_memory or is_of_reading:
            raise StorageError(f"{self.path}: {error}; try again") from error


def shard_on_disk(layout: Layout, file: str) -> Shard | None:
    """Return the line that a shard's file would have, None if its name does not fit.

    Raises:
        OSError, StorageError: the machine failed.
    """
    try:
        sha256, size = digest_of(layout.packs / file)
    except PermissionError:
        return None
    except OSError as error:
        if is_of_a_path(error):
            return None
        raise
    if not fits_name(file, sha256):
        return None
    _, count = ShardFile(layout, file).rows()
    return shard_named(file, count, size, sha256)


@functools.cache
def _connection() -> duckdb.DuckDBPyConnection:
    db = connected()
    db.execute("set enable_external_file_cache = false")  # each byte is read once
    return db
