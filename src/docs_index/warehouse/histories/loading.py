"""Put rows into temporary tables of DuckDB, some thousand at a time.

A batch goes over as Arrow arrays: a tenth of the time that JSON takes, and no rows stay
in Python's memory.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import nanoarrow

from docs_index.warehouse.quoting import identifier

_BATCH_ROWS = 2000
_BATCH_CHARS = 4 * 2**20
_VIEW = "histories_batch"
_TYPES = {
    "varchar": nanoarrow.string(),
    "bigint": nanoarrow.int64(),
    "boolean": nanoarrow.bool_(),
}


class TableLoader:
    """A temporary table that is made with the loader, and filled row by row."""

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str]
    ) -> None:
        self._cursor = cursor
        self._name = name
        self._columns = dict(columns)
        self._types = [_TYPES[kind] for kind in self._columns.values()]
        self._rows: list[Sequence[Any]] = []
        self._chars = 0
        definitions = ", ".join(
            f"{identifier(column)} {kind}" for column, kind in self._columns.items()
        )
        cursor.execute(f"create or replace temp table {name} ({definitions})")

    def add(self, row: Sequence[Any], chars: int) -> None:
        """Add a row with about so many characters of text."""
        self._rows.append(row)
        self._chars += chars
        if len(self._rows) >= _BATCH_ROWS or self._chars >= _BATCH_CHARS:
            self._flush()

    def relation(self) -> duckdb.DuckDBPyRelation:
        """Return the table with all rows."""
        self._flush()
        return self._cursor.table(self._name)

    def _flush(self) -> None:
        if not self._rows:
            return
        arrays = [
            nanoarrow.c_array(list(values), kind)
            for values, kind in zip(
                zip(*self._rows, strict=True), self._types, strict=True
            )
        ]
        fields = dict(zip(self._columns, self._types, strict=True))
        batch = nanoarrow.Array(
            nanoarrow.c_array_from_buffers(
                nanoarrow.struct(fields), len(self._rows), [None], children=arrays
            )
        )
        self._rows = []
        self._chars = 0
        self._cursor.register(_VIEW, batch)
        try:
            self._cursor.execute(f"insert into {self._name} from {_VIEW}")
        finally:
            self._cursor.unregister(_VIEW)
