"""Read the sources of `histories.yml` into tables, each file once in a build.

Owns the order: what the file says is checked before a build writes anything; the files
are read when a model asks for their rows; and when all are read, none may have changed.
Makes temporary tables of the cursor that it is given, and writes nothing else.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence

import duckdb

from docs_index.errors import TableRefusedError
from docs_index.layout import Layout
from docs_index.resources import sql
from docs_index.warehouse.histories.checking import NamedSource, read_histories
from docs_index.warehouse.histories.configuration import MappingSource, ToolSource
from docs_index.warehouse.histories.databases import query_rows
from docs_index.warehouse.histories.history_file import HistoryFile, Reading
from docs_index.warehouse.histories.loading import TableLoader, pieces
from docs_index.warehouse.histories.mapping import Mapping
from docs_index.warehouse.histories.parquet_rows import parquet_rows
from docs_index.warehouse.histories.tables import (
    FIELDS,
    FILES,
    MAPPED_ROWS,
    SOURCES,
    TOOL_ROWS,
)
from docs_index.warehouse.histories.text_rows import (
    Row,
    csv_rows,
    json_elements,
    json_lines,
    object_elements,
)
from docs_index.warehouse.histories.tool_files import tool_rows

_OF_FILES = ("mapped_rows", "tool_rows")


class Histories:
    """The tables of one build; `sources` are those of the file, none without it."""

    def __init__(self, layout: Layout) -> None:
        """Read and check the file.

        Raises:
            DataRootError: it cannot be meant.
        """
        self.sources = read_histories(layout.root)
        self._layout = layout
        self._mappings = {
            source.name: Mapping(source.name, source.keys)
            for source in self.sources
            if isinstance(source.keys, MappingSource)
        }
        self._read: dict[str, list[HistoryFile]] = {}
        self._lock = threading.Lock()

    def load(
        self, cursor: duckdb.DuckDBPyConnection, name: str
    ) -> duckdb.DuckDBPyRelation:
        """Return a table by its name; `files` is asked for last.

        Raises:
            DocsIndexError: a file is refused, or has changed.
            OSError: the machine failed.
        """
        with self._lock:
            return {
                "sources": self._sources,
                "fields": self._fields,
                "mapped_rows": self._mapped_rows,
                "tool_rows": self._tool_rows,
                "files": self._files,
            }[name](cursor)

    def absent_list(self, name: str) -> int | None:
        """Return which list of a mapping's `each` no row has had, by its index.

        None if all were there, or nothing was read.
        """
        return self._mappings[name].absent_list

    def _sources(self, cursor: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        loader = TableLoader(cursor, "histories_sources", SOURCES)
        for source in self.sources:
            keys = source.keys
            tool = kind = form = zone = success = None
            if isinstance(keys, ToolSource):
                tool = keys.tool
            else:
                kind = keys.kind
                if keys.created_at:
                    form, zone = keys.created_at.as_, keys.created_at.zone
                if keys.status and keys.status.success:
                    success = json.dumps([word.lower() for word in keys.status.success])
            loader.add(
                (
                    source.name, source.number, source.line, tool, kind, keys.stage,
                    keys.parser, form, zone or "UTC", success,
                    json.dumps(source.unmatched),
                ),
                0,
            )  # fmt: skip
        return loader.relation()

    def _fields(self, cursor: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        loader = TableLoader(cursor, "histories_fields", FIELDS)
        for mapping in self._mappings.values():
            for row in mapping.fields:
                loader.add(row, 0)
        return loader.relation()

    def _mapped_rows(
        self, cursor: duckdb.DuckDBPyConnection
    ) -> duckdb.DuckDBPyRelation:
        width = max((each.width for each in self._mappings.values()), default=1) or 1
        columns = MAPPED_ROWS | {f"v{n}": "varchar" for n in range(1, width + 1)}
        loader = TableLoader(cursor, "histories_mapped_rows", columns)
        blanks: list[str | None] = [None] * width
        for source, file in self._opened("mapped_rows"):
            mapping = self._mappings[source.name]
            for place, record in enumerate(
                (
                    record
                    for row in self._rows(source, file)
                    for record in mapping.records(row)
                ),
                1,
            ):
                values = record.values + blanks[len(record.values) :]
                chars = sum(map(len, filter(None, values)))
                loader.add(
                    (
                        source.name, file.name, file.number, place, record.position,
                        record.fault, *values,
                    ),
                    chars,
                )  # fmt: skip
                file.rows = place
        return loader.relation()

    def _tool_rows(self, cursor: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        loader = TableLoader(cursor, "histories_tool_rows", TOOL_ROWS, is_spread=True)
        for source, file in self._opened("tool_rows"):
            assert isinstance(source.keys, ToolSource)
            tool = source.keys.tool
            places: Counter[str] = Counter()
            with file.opened() as reading:
                for row in tool_rows(tool, file, reading):
                    places[row.relation] += 1
                    loader.add(
                        (
                            source.name, tool, file.name, file.number, row.relation,
                            places[row.relation], row.position, pieces(row.text),
                            row.fault,
                        ),
                        len(row.text or ""),
                    )  # fmt: skip
            file.rows = places.total()
        return loader.relation()

    def _opened(self, table: str) -> Iterator[tuple[NamedSource, HistoryFile]]:
        """Yield the files that the rows of a table come from, and remember them."""
        self._read[table] = []
        for source in self.sources:
            if isinstance(source.keys, ToolSource) == (table == "tool_rows"):
                for number, name in enumerate(source.files, 1):
                    file = HistoryFile(source.name, number, self._layout.root, name)
                    yield source, file
                    self._read[table].append(file)

    def _rows(self, source: NamedSource, file: HistoryFile) -> Iterator[Row]:
        assert isinstance(source.keys, MappingSource)
        with file.opened() as reading:
            keys = self._mappings[source.name].list_keys
            yield from rows_of(file, reading, keys, source.keys.query)

    def _files(self, cursor: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        """Return the files that were read, if none has changed.

        Raises:
            TableRefusedError: one has, or an earlier command has read some of them.
        """
        read = [file for files in self._read.values() for file in files]
        for file in read:
            file.refuse_if_changed()
        [(tables,)] = cursor.execute(sql("warehouse/histories_loaded.sql")).fetchall()
        if self.sources and tables and len(self._read) < len(_OF_FILES):
            raise TableRefusedError(
                "the last build stopped before it had read all files of histories.yml, "
                "and they must be read together: run `dbt build`"
            )
        loader = TableLoader(cursor, "histories_files", FILES)
        for file in read:
            loader.add(
                (
                    file.source, file.name, file.number, file.rows, file.size_bytes,
                    file.sha256,
                ),
                0,
            )  # fmt: skip
        return loader.relation()


def rows_of(
    file: HistoryFile, reading: Reading, keys: Sequence[str], query: str | None
) -> Iterator[Row]:
    """Yield the rows of a mapping's file; `keys` lead to the list of `each`."""
    if file.suffix == ".jsonl":
        return json_lines(reading)
    if file.suffix == ".json":
        return object_elements(reading, keys) if keys else json_elements(reading)
    if file.suffix == ".csv":
        return csv_rows(file, reading)
    if file.suffix == ".parquet":
        return parquet_rows(file, reading)
    assert query is not None, "`checking` asks for it"
    return query_rows(file, reading, query)
