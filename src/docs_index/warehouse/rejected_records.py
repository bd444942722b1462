"""Find rejected records of histories by their ids, which only the build has.

Reads the build's database, and nothing else. A rejected record has no row_key in the
index.
"""

from contextlib import closing

import duckdb

from docs_index.layout import Layout
from docs_index.resources import sql


def rejected_records(layout: Layout, name: str) -> list[tuple[str, int, str]]:
    """Return source_csv, row_index and detail of the rejected records of an id.

    The id may have its source before it, as in a row_key. None are found if the build
    cannot be read: it is not there, of an older version, or open in another program.
    """
    try:
        with closing(duckdb.connect(str(layout.build), read_only=True)) as build:
            query = sql("warehouse/rejected_records.sql")
            return build.execute(query, {"name": name}).fetchall()
    except duckdb.Error:
        return []
