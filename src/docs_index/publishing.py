"""Write whole files: complete under their name, or not there at all.

A file whose content would not change is not written.
"""

import csv
import filecmp
import itertools
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

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


def publish_appended(path: Path, lines: Iterable[str], newline: str) -> bool:
    """Replace a file at once by itself and what follows; tell whether there was any."""
    _beside(path).unlink(missing_ok=True)  # a killed run's
    following = iter(lines)
    first = next(following, None)
    if first is None:
        return False
    with _replacing(path) as unpublished:
        if path.is_file():
            shutil.copyfile(path, unpublished)
        with unpublished.open("a+b") as file:
            if not _ends_in_line(file):
                file.write(newline.encode())
            file.write(first.encode())
            file.writelines(line.encode() for line in following)
    return True


def _ends_in_line(file: BinaryIO) -> bool:
    if not file.tell():
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Hand out a path beside; what is written there takes the file's place at once."""
    unpublished = _beside(path)
    path.parent.mkdir(exist_ok=True)
    try:
        yield unpublished
        with suppress(FileNotFoundError):
            shutil.copymode(path, unpublished)
        with unpublished.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(unpublished, path)
    finally:
        unpublished.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.unpublished")


def relation_lines(
    relation: duckdb.DuckDBPyRelation, *, header: bool = True, newline: str = "\n"
) -> Iterator[str]:
    """Yield a relation as lines of CSV, nulls empty."""
    titles = [relation.columns] if header else []
    chunks = iter(lambda: relation.fetchmany(10_000), [])
    rows = itertools.chain(titles, itertools.chain.from_iterable(chunks))
    return csv_lines(rows, newline)


def csv_lines(rows: Iterable[Sequence[object]], newline: str = "\n") -> Iterator[str]:
    """Yield each row as a line of CSV.

    Before Python 3.13 the csv module quotes a CR only if it is part of the line end.
    """
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    for row in rows:
        yield writer.writerow(row).removesuffix("\r\n") + newline


class _Echo:
    """A file that hands back what is written: the csv module's way to a line."""

    def write(self, line: str) -> str:
        return line


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
