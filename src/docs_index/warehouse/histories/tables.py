"""The tables that dbt knows as sources of the schema `histories`, and their columns.

Without `histories.yml` all are empty, and nothing that reads it is imported.
"""

from typing import Protocol

import duckdb

from docs_index.layout import Layout
from docs_index.paths import is_there
from docs_index.quoting import identifier

SCHEMA = "histories"

SOURCES = {
    "source_csv": "varchar",
    "number": "bigint",
    "line": "bigint",
    "tool": "varchar",
    "kind": "varchar",
    "stage": "varchar",
    "parser": "varchar",
    "time_form": "varchar",
    "time_zone": "varchar",
    "success": "varchar",
    "unmatched": "varchar",
}
FIELDS = {
    "source_csv": "varchar",
    "field": "varchar",
    "part": "bigint",
    "kind": "varchar",
    "text": "varchar",
    "is_optional": "boolean",
    "accepted": "varchar",
    "value": "varchar",
}
MAPPED_ROWS = {
    "source_csv": "varchar",
    "file": "varchar",
    "file_number": "bigint",
    "place": "bigint",
    "position": "varchar",
    "fault": "varchar",
}
"""Then v1 and so on, one for each path; v1 is always there."""

TOOL_ROWS = {
    "source_csv": "varchar",
    "tool": "varchar",
    "file": "varchar",
    "file_number": "bigint",
    "relation": "varchar",
    "place": "bigint",
    "position": "varchar",
    "pieces": "varchar[]",
    "fault": "varchar",
}
FILES = {
    "source_csv": "varchar",
    "file": "varchar",
    "file_number": "bigint",
    "rows": "bigint",
    "size_bytes": "bigint",
    "sha256": "varchar",
}

_EMPTY = {
    "sources": SOURCES,
    "fields": FIELDS,
    "mapped_rows": MAPPED_ROWS | {"v1": "varchar"},
    "tool_rows": TOOL_ROWS,
    "files": FILES,
}


class Tables(Protocol):
    """The tables of one build."""

    def load(
        self, cursor: duckdb.DuckDBPyConnection, name: str
    ) -> duckdb.DuckDBPyRelation:
        """Return a table by its name."""


class _NoTables:
    """The tables of a data root without `histories.yml`."""

    def load(
        self, cursor: duckdb.DuckDBPyConnection, name: str
    ) -> duckdb.DuckDBPyRelation:
        columns = (
            f"null::{kind} as {identifier(column)}"
            for column, kind in _EMPTY[name].items()
        )
        return cursor.sql(f"select {', '.join(columns)} where false")


def open_histories(layout: Layout) -> Tables:
    """Read and check `histories.yml`, and return the tables that it describes.

    Raises:
        DataRootError: it cannot be meant.
    """
    if not is_there(layout.histories):
        return _NoTables()
    from docs_index.warehouse.histories.reading import Histories

    return Histories(layout)
