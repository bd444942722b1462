"""Write whole files: complete under their name, or not there at all.

A file whose content would not change is not written.
"""

import csv
import filecmp
import io
import itertools
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from docs_index.errors import TableRefusedError
from docs_index.quoting import identifier, literal
from docs_index.tables import check_table, read_table


def publish(path: Path, content: bytes) -> bool:
    """Replace a file at once; tell whether it had to be written."""
    _beside(path).unlink(missing_ok=True)  # a killed run's
    if path.is_file() and path.read_bytes() == content:
        return False
    with _replacing(path) as unpublished:
        unpublished.write_bytes(content)
    return True


def publish_copy(
    db: duckdb.DuckDBPyConnection, path: Path, query: str, scratch: Path
) -> bool:
    """Replace a file by a query's rows as CSV; tell whether that changed anything."""
    _beside(path).unlink(missing_ok=True)  # a killed run's
    made = scratch / path.name
    db.execute(f"copy ({query}) to {literal(made)} (format csv, header)")
    if path.is_file() and filecmp.cmp(path, made, shallow=False):
        return False
    with _replacing(path) as unpublished:
        shutil.copyfile(made, unpublished)
    return True


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Hand out a path beside; what is written there takes the file's place at once."""
    unpublished = _beside(path)
    path.parent.mkdir(exist_ok=True)
    try:
        yield unpublished
        with unpublished.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(unpublished, path)
    finally:
        unpublished.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.unpublished")


def csv_bytes(
    relation: duckdb.DuckDBPyRelation, *, header: bool = True, newline: str = "\n"
) -> bytes:
    """Return a relation as CSV, nulls empty."""
    titles = [relation.columns] if header else []
    chunks = iter(lambda: relation.fetchmany(10_000), [])
    rows = itertools.chain(titles, itertools.chain.from_iterable(chunks))
    return "".join(csv_lines(rows, newline)).encode()


def csv_lines(rows: Iterable[Sequence[object]], newline: str = "\n") -> Iterator[str]:
    """Yield each row as a line of CSV.

    Before Python 3.13 the csv module quotes a CR only if it is part of the line end.
    """
    line = io.StringIO(newline="")
    writer = csv.writer(line, lineterminator="\r\n")
    for row in rows:
        writer.writerow(row)
        yield line.getvalue().removesuffix("\r\n") + newline
        line.seek(0)
        line.truncate()


def read_list(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[str]
) -> str | None:
    """Load a CSV that rows are appended to as table `listed`; return its line end.

    Without the file the table is empty and the line end is None.

    Raises:
        TableRefusedError: it is not well-formed, or has other columns.
    """
    if not path.exists():
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


def appended(path: Path, newline: str | None, rows: bytes) -> bytes:
    """Return a file's bytes with rows after them; what is there stays as it is."""
    if newline is None:
        return rows
    content = path.read_bytes()
    if rows and not content.endswith(b"\n"):
        content += newline.encode()
    return content + rows
