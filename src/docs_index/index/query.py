"""Run SQL on the index, and return rows by the names of their columns. Only reads."""

from collections.abc import Mapping, Sequence
from typing import Any

from docs_index.index.reader import Documents

Row = dict[str, Any]


def rows_of(
    documents: Documents,
    query: str,
    values: Mapping[str, object] | Sequence[object] = (),
) -> list[Row]:
    """Return the rows of a query."""
    cursor = documents.connection.execute(query, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
