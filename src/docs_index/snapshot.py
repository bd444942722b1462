"""A copy of the index as it is at one moment, and what SQLite itself finds in it.

A reader must not hold up a run, and two SQLite libraries may not share a file (see
`attaching`): so the index is copied once, and all else happens to the copy.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from docs_index.errors import StorageError
from docs_index.findings import Finding
from docs_index.index import check_index, connected, missing_index
from docs_index.layout import Layout
from docs_index.lists import LISTS
from docs_index.lock import holder_of
from docs_index.quoting import identifier, literal
from docs_index.resources import sql

_BROKEN_RULES = ("CHECK constraint failed", "NULL value in", "non-unique entry")
_NOT_UTF8 = "(not UTF-8)"
_BESIDE = ("-wal", "-journal")


def copy_index(layout: Layout, folder: Path) -> Path:
    """Copy the index to a folder, as of one moment, and return the copy.

    Where a killed run left a log or a journal, the copy alone is mended by it: to open
    the index would be to change files beside it, as it would in WAL mode.

    Raises:
        IndexFileError: there is no index, or it is no database of this program.
    """
    copy = folder / layout.index.name
    beside = [each for each in _BESIDE if Path(f"{layout.index}{each}").exists()]
    if (beside or _is_in_wal_mode(layout.index)) and not holder_of(layout.lock):
        for suffix in ("", *beside):
            shutil.copyfile(f"{layout.index}{suffix}", f"{copy}{suffix}")
        check_index(copy, named=layout.index)
        return copy
    if not check_index(layout.index).exists:
        raise missing_index(layout.index)
    try:
        with (
            closing(connected(layout.index)) as original,
            closing(sqlite3.connect(copy)) as target,
        ):
            original.backup(target)
    except sqlite3.OperationalError as error:
        raise StorageError(f"{layout.index} cannot be copied: {error}") from error
    except sqlite3.DatabaseError:  # cut off: there is no page to be copied
        shutil.copyfile(layout.index, copy)
    return copy


def _is_in_wal_mode(path: Path) -> bool:
    """Tell by the file's header, as opening it would make a log."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(20)[18:] == b"\2\2"


def check_copy(copy: Path, name: str) -> Iterator[Finding]:
    """Yield what is wrong with the copy of an index called `name`; mend its values.

    A value that DuckDB could not read is replaced in the copy, so that the rest of its
    row can be looked at.

    Raises:
        sqlite3.DatabaseError: the copy cannot be read to its end.
    """
    with closing(sqlite3.connect(copy)) as index:
        for (message,) in index.execute("pragma integrity_check").fetchall():
            if message != "ok":
                is_rule = message.startswith(_BROKEN_RULES)
                code = "constraint_broken" if is_rule else "index_damaged"
                yield Finding(code, None, name, message)
        found, expected = _objects(index), _expected_objects()
        for key in sorted(expected.keys() | found.keys()):
            if expected.get(key) != found.get(key):
                state = "is missing" if key not in found else "is not as it was made"
                state = state if key in expected else "is not of this program"
                is_made_last = key[0] == "index" and key not in found
                code = "lookup_missing" if is_made_last else "schema_differs"
                yield Finding(code, None, name, f"{' '.join(key)} {state}")
        for kind, trigger in found:
            if kind == "trigger":
                index.execute(f"drop trigger {identifier(trigger)}")
        index.execute("pragma ignore_check_constraints = on")
        for kind, table in expected:
            if kind == "table" and (kind, table) in found:
                yield from _bad_values(index, table, name)
        index.commit()


def _objects(index: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """Return what stands on this program's tables; other tables are their owner's."""
    rows = index.execute(
        "select type, name, tbl_name, sql from sqlite_master where sql is not null"
    ).fetchall()
    ours = {"documents", "list_checksums", *LISTS}
    return {(kind, name): made for kind, name, table, made in rows if table in ours}


def _expected_objects() -> dict[tuple[str, str], str]:
    with closing(sqlite3.connect(":memory:")) as empty:
        for script in ("schema.sql", "indexes.sql"):
            empty.executescript(sql(script))
        return _objects(empty)


def _bad_values(index: sqlite3.Connection, table: str, name: str) -> Iterator[Finding]:
    """Yield the values that are not of their column's type, or no text."""
    index.text_factory = bytes
    columns = [
        (column.decode(), declared.decode().lower())
        for _, column, declared, *_ in index.execute(f"pragma table_info({table})")
    ]
    listed = ", ".join(identifier(column) for column, _ in columns)
    undecodable = [
        rowid
        for rowid, *values in index.execute(f"select rowid, {listed} from {table}")
        if not _is_text(b"".join(each for each in values if isinstance(each, bytes)))
    ]
    for column, declared in columns:
        quoted = identifier(column)
        wrong = index.execute(
            f"select rowid from {table} "
            f"where typeof({quoted}) not in ({literal(declared)}, 'null')"
        ).fetchall()
        for (rowid,) in wrong:
            detail = f"{table} row {rowid}: {column} is not of type {declared}"
            yield Finding("value_invalid", None, name, detail)
        for rowid in undecodable:
            query = f"select {quoted} from {table} where rowid = ?"
            (value,) = index.execute(query, [rowid]).fetchone()
            if isinstance(value, bytes) and not _is_text(value):
                detail = f"{table} row {rowid}: {column} is not UTF-8"
                yield Finding("value_invalid", None, name, detail)
                update = f"update or ignore {table} set {quoted} = ? where rowid = ?"
                index.execute(update, [_NOT_UTF8, rowid])


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
