"""An index whose rows are in Parquet, as a connection for the SQL of readers.

That SQL is SQLite's. What DuckDB writes otherwise is put in its words; where its
functions differ, macros of the same names take their place. Writes nothing.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from docs_index.errors import VERIFY, IndexFileError, StorageError
from docs_index.layout import Layout
from docs_index.packs.connecting import connected, load_extension
from docs_index.packs.index_rows import (
    create_views,
    naming_rows,
    refuse_lost_rows,
    row_count,
)
from docs_index.packs.manifest import FollowedManifest, Shard
from docs_index.quoting import identifier, literal
from docs_index.resources import sql

Values = Mapping[str, object] | Sequence[object]

_FETCH = 1000
_SQL = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
# What SQLite writes, and what DuckDB does: where texts are part of it, and outside of
# them. Names become parameters last.
_CALLS = (
    (
        re.compile(r"\bjson_extract\(([\w.]+), '\$\.row_index'\)"),
        r"cast(json_extract(\1, '$.row_index') as bigint)",
    ),
    (re.compile(r"\b(\w+)\.value from json_each"), r"\1.value ->> '$' from json_each"),
)
_WORDS = (
    (re.compile(r"\bcreate temp view\b"), "create view"),
    (re.compile(r"\bis not (:\w+|\?\d*)"), r"is distinct from \1"),
    (re.compile(r"\bis (:\w+|\?\d*)"), r"is not distinct from \1"),
    (re.compile(r"\blike\b"), "ilike"),
    (re.compile(r"\bchar\("), "chr("),
    (re.compile(r"\blength\(cast\((\w+) as blob\)\)"), r"strlen(\1)"),
    (re.compile(r"(?<![:\w]):([A-Za-z_]\w*)"), r"$\1"),
)
_TEXT = re.compile(r"('(?:[^']|'')*'|--[^\n]*)")
_PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")


def in_duckdb(query: str) -> str:
    """Return a statement of SQLite in the words of DuckDB."""
    for written, other in _CALLS:
        query = written.sub(other, query)
    parts = _TEXT.split(query)  # every second one is a text or a comment
    for written, other in _WORDS:
        parts[::2] = [written.sub(other, part) for part in parts[::2]]
    return "".join(parts)


class Rows:
    """The result of a statement, as a cursor of sqlite3 is one."""

    def __init__(
        self, index: "ParquetIndex", cursor: duckdb.DuckDBPyConnection
    ) -> None:
        self._index = index
        self._cursor = cursor
        self.description = cursor.description

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows that are left."""
        while rows := self.fetchmany(_FETCH):
            yield from rows

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        """Return the next rows, none after the last one."""
        with self._index.naming_faults():
            return self._cursor.fetchmany(size)

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, None after the last one."""
        with self._index.naming_faults():
            row: tuple[Any, ...] | None = self._cursor.fetchone()
        return row

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows that are left."""
        return list(self)


class ParquetIndex:
    """A connection to the index of a data root; `path` is its SQLite file, or a copy.

    What is larger than memory goes to the folder `spill`. `is_damaged` tells whether
    the SQLite file is.
    """

    def __init__(
        self, layout: Layout, path: Path, spill: Path, is_damaged: Callable[[], bool]
    ) -> None:
        self._layout = layout
        self._path = path
        self._is_damaged = is_damaged
        self._manifest = FollowedManifest(layout)
        self._files: Sequence[Shard] = ()
        self._db = connected(spill)
        self._db.execute("set parquet_metadata_cache = true")
        with self.naming_faults():
            load_extension(self._db)
            self._db.execute(
                f"attach {literal(path)} as lists (type sqlite, read_only)"
            )
            self._create_views()

    def _create_views(self) -> None:
        self._db.execute("set global default_null_order = 'sqlite'")
        for statement in sql("packs/sqlite_functions.sql").split(";\n"):
            self._db.execute(statement)
        self._files = create_views(self._db, self._layout, "memory.main")
        tables = self._db.execute(
            "select table_name from duckdb_tables() where database_name = 'lists'"
        )
        for (table,) in tables.fetchall():
            if table not in ("documents", "document_links"):
                name = identifier(table)
                self._db.execute(f"create view {name} as from lists.{name}")
        refuse_lost_rows(self._db, self._layout, self._files)

    def execute(self, query: str, values: Values = ()) -> Rows:
        """Run a statement of SQLite's that reads.

        Raises:
            IndexFileError: the index is damaged.
            StorageError: reading failed.
            sqlite3.OperationalError: the statement is wrong, or is SQLite's alone.
            UnicodeEncodeError: a value is not UTF-8.
        """
        self._follow()
        translated = in_duckdb(query)
        if isinstance(values, Mapping):
            named = set(_PARAMETER.findall(_TEXT.sub("", translated)))
            values = {name: values[name] for name in named}
        for value in values.values() if isinstance(values, Mapping) else values:
            if isinstance(value, str):
                value.encode()  # sqlite3 raises the same for what is not UTF-8
        with self.naming_faults():
            try:
                return Rows(self, self._db.cursor().execute(translated, values))
            except _SQL as error:
                raise sqlite3.OperationalError(str(error)) from error

    def _follow(self) -> None:
        """See the rows that another program has added."""
        files = self._manifest.read().index_rows
        if row_count(files) < row_count(self._files):
            message = f"{self._layout.manifest} was changed by another program"
            raise StorageError(f"{message}: open the documents again")
        if files != self._files:
            self._files = create_views(self._db, self._layout, "memory.main")

    def executescript(self, script: str) -> None:
        """Run statements that make views."""
        with self.naming_faults():
            self._db.execute(in_duckdb(script))

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    @contextmanager
    def naming_faults(self) -> Iterator[None]:
        """Have errors of a block say which file of the index is at fault."""
        try:
            with naming_rows(self._layout, self._files):
                yield
        except StorageError as error:
            if isinstance(error.__cause__, duckdb.Error) and self._is_damaged():
                raise IndexFileError(f"{self._path}: {error}; {VERIFY}") from error
            raise
