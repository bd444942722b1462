"""The rows of SQLite databases: of a select, or of whole tables.

Owns how a database is read that a program may have open: a copy is, with what SQLite
has next to it, in a scratch folder. A statement can only select. Values become what
JSON has: integers and floats are numbers, blobs are none.
"""

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from docs_index.disk.faults import Fault, fault_of
from docs_index.disk.scratch import scratch_folder
from docs_index.errors import DataRootError, DocsIndexError, StorageError
from docs_index.quoting import identifier
from docs_index.warehouse.histories.history_file import HistoryFile, Reading
from docs_index.warehouse.histories.json_values import Number, is_unicode
from docs_index.warehouse.histories.text_rows import Row, faulty

_BESIDE = ("-wal", "-journal")  # the other one, -shm, is made of the first
_ALLOWED = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
)


def query_rows(source: HistoryFile, file: Reading, query: str) -> Iterator[Row]:
    """Yield the rows of a select.

    Raises:
        DataRootError: it is no select, or the database has not what it names.
        TableRefusedError: the file is no database, or damaged.
    """
    with _opened_copy(source, file) as database:
        database.set_authorizer(_authorized)
        cursor = database.execute(query)
        if cursor.description is None:
            raise _refused_query(source, "it is no select")
        yield from _rows(source, cursor)


def table_rows(
    source: HistoryFile, file: Reading, tables: Sequence[str]
) -> Iterator[tuple[str, Row]]:
    """Yield the rows of those tables that the database has, each with its table.

    Raises:
        TableRefusedError: the file is no database, or damaged.
    """
    with _opened_copy(source, file) as database:
        listed = "select name from sqlite_master where type in ('table', 'view')"
        there = {name for (name,) in database.execute(listed)}
        for table in tables:
            if table in there:
                cursor = database.execute(f"select * from {identifier(table)}")
                yield from ((table, row) for row in _rows(source, cursor))


@contextmanager
def _opened_copy(source: HistoryFile, file: Reading) -> Iterator[sqlite3.Connection]:
    with scratch_folder(source.root) as folder:
        copy = folder / "history.db"
        file.copy_to(copy)
        for ending in _BESIDE:
            source.copy_beside(ending, copy.with_name(f"{copy.name}{ending}"))
        with closing(sqlite3.connect(copy, isolation_level=None)) as database:
            database.text_factory = _text
            try:
                database.execute("select count(*) from sqlite_master")
                yield database
            except (sqlite3.Error, sqlite3.Warning) as error:
                raise _meant(source, error) from error


def _meant(source: HistoryFile, error: Exception) -> DocsIndexError:
    """Return the error of the file, of the query or of the machine."""
    fault = fault_of(error)
    if fault is Fault.DAMAGED:
        return source.refuse(f"it is no SQLite database, or damaged ({error})")
    is_denied = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_AUTH
    if is_denied or fault in (Fault.STATEMENT, Fault.UNKNOWN):
        return _refused_query(source, str(error))
    return StorageError(f"{source.path}: {error}")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _authorized(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


def _refused_query(source: HistoryFile, what: str) -> DataRootError:
    return DataRootError(
        f"the `query` of {source.source} in histories.yml fails in {source.path}: "
        f"{what}; it must be one select"
    )


def _rows(source: HistoryFile, cursor: sqlite3.Cursor) -> Iterator[Row]:
    columns = [name for name, *_ in cursor.description]
    doubled = sorted({name for name in columns if columns.count(name) > 1})
    if doubled:
        words = f"the column {doubled[0]!r} is there twice: name one `as` something"
        raise _refused_query(source, words)
    for number, values in enumerate(cursor, 1):
        if all(is_unicode(value) for value in values if type(value) is str):
            found = dict(zip(columns, map(_value, values), strict=True))
            yield Row(str(number), found)
        else:
            yield faulty(number, "it is not UTF-8")


def _value(value: Any) -> Any:
    if type(value) is int:
        return Number(value)
    if type(value) is float:
        return Number(repr(value)) if math.isfinite(value) else _infinite(value)
    return None if type(value) is bytes else value


def _infinite(value: float) -> Number:
    return Number("Infinity" if value > 0 else "-Infinity")
