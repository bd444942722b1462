"""The tables and columns of an empty index.

SQLite itself reports them, from the schema in memory: no file is opened.
"""

import sqlite3
from contextlib import closing

from docs_index.resources import sql

Columns = list[tuple[str, str]]
"""The columns of a table in their order: name, and type as the schema declares it."""


def index_tables() -> dict[str, Columns]:
    """Return the columns of each table of the index, in the order of the schema."""
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(sql("index/schema.sql"))
        tables: dict[str, Columns] = {}
        for table, column, declared in empty.execute(sql("index/columns.sql")):
            tables.setdefault(table, []).append((column, declared.lower()))
        return tables
