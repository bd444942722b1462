"""Write CSV files from DuckDB, and read lists that rows are appended to.

Writes only files that the caller names, and only by publishing them.
"""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from docs_index.disk.publish import csv_lines, publish_file
from docs_index.errors import TableRefusedError
from docs_index.paths import is_there
from docs_index.quoting import identifier, literal
from docs_index.warehouse.csv_grammar import check_table
from docs_index.warehouse.csv_table import read_table


def publish_copy(
    db: duckdb.DuckDBPyConnection, path: Path, query: str, scratch: Path
) -> bool:
    """Replace a file by a query's rows as CSV; return whether the file changed."""
    made = scratch / path.name
    db.execute(f"copy ({query}) to {literal(made)} (format csv, header)")
    return publish_file(path, made)


def relation_lines(
    relation: duckdb.DuckDBPyRelation, *, header: bool = True, newline: str = "\n"
) -> Iterator[str]:
    """Yield the rows of a relation as lines of CSV; a null is an empty value."""
    titles = [relation.columns] if header else []
    chunks = iter(lambda: relation.fetchmany(10_000), [])
    rows = itertools.chain(titles, itertools.chain.from_iterable(chunks))
    return csv_lines(rows, newline)


def read_list(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[str]
) -> str | None:
    """Load an append-only CSV file as the table `listed`; return its line end.

    If the file is missing, the table is empty and the line end is None.

    Raises:
        TableRefusedError: the file is not well-formed, or has other columns.
    """
    if not is_there(path):
        names = ", ".join(f"{identifier(name)} varchar" for name in columns)
        connection.execute(f"create table listed ({names})")
        return None
    table = check_table(path)
    if list(table.header) != list(columns):
        raise TableRefusedError(
            f"{path} has columns {', '.join(table.header)}; rows are appended to it, "
            f"so they must be {', '.join(columns)}: move it away, or mend its header"
        )
    read_table(connection, table, columns, numbered="line").create("listed")
    return table.newline
