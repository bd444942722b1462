"""Write whole files: complete under their name, or not there at all.

A file whose content would not change is not written.
"""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

import duckdb

from docs_index.errors import TableRefusedError
from docs_index.tables import check_table, read_table


def publish(path: Path, content: bytes) -> bool:
    """Replace a file at once; tell whether it had to be written."""
    _unpublished(path).unlink(missing_ok=True)  # a killed run's
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(exist_ok=True)
    unpublished = _unpublished(path)
    with unpublished.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unpublished, path)
    return True


def csv_bytes(
    relation: duckdb.DuckDBPyRelation, *, header: bool = True, newline: str = "\n"
) -> bytes:
    """Return a relation as CSV: nulls empty, booleans `true` and `false`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=newline)
    if header:
        writer.writerow(relation.columns)
    while rows := relation.fetchmany(10_000):
        writer.writerows([_plain(value) for value in row] for row in rows)
    return text.getvalue().encode()


def read_list(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[str]
) -> str | None:
    """Load a CSV that rows are appended to as table `listed`; return its line end.

    Without the file the table is empty and the line end is None.

    Raises:
        TableRefusedError: it is not well-formed, or has other columns.
    """
    if not path.exists():
        names = ", ".join(f'"{name}" varchar' for name in columns)
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


def appended(path: Path, newline: str | None, rows: bytes) -> bytes:
    """Return a file's bytes with rows after them; what is there stays as it is."""
    if newline is None:
        return rows
    content = path.read_bytes()
    if rows and not content.endswith(b"\n"):
        content += newline.encode()
    return content + rows


def _plain(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _unpublished(path: Path) -> Path:
    return path.with_name(f".{path.name}.unpublished")
