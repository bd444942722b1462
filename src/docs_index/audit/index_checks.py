"""Check a copy of the index with SQLite.

Owns the copy during the check, and replaces values in it that DuckDB cannot read. The
index itself is not touched. A damaged file can have any names of tables and columns:
they are quoted, because SQL has no parameters for names.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from docs_index.audit.findings import Finding
from docs_index.index.database import TABLES
from docs_index.resources import sql
from docs_index.warehouse.quoting import identifier, literal

_BROKEN_RULES = ("CHECK constraint failed", "NULL value in", "non-unique entry")
_NOT_UTF8 = "(not UTF-8)"


def check_copy(copy: Path, name: str) -> Iterator[Finding]:
    """Yield the problems in the copy of the index `name`, and replace bad values.

    A value that DuckDB could not read is replaced in the copy, so that the rest of its
    row can be checked.

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


def content_of(copy: Path) -> tuple[set[str], bool]:
    """Return the directories that have a row, and whether there are current lists.

    Raises:
        sqlite3.DatabaseError: the copy cannot be read.
    """
    with closing(sqlite3.connect(copy)) as index:
        doc_dirs = index.execute("select doc_dir from documents").fetchall()
        lists = index.execute("select 1 from list_checksums").fetchall()
    return {doc_dir for (doc_dir,) in doc_dirs}, bool(lists)


def _objects(index: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """Return the objects of this program's tables, without those of other programs."""
    rows = index.execute(
        "select type, name, tbl_name, sql from sqlite_master where sql is not null"
    ).fetchall()
    return {(kind, name): made for kind, name, table, made in rows if table in TABLES}


def _expected_objects() -> dict[tuple[str, str], str]:
    with closing(sqlite3.connect(":memory:")) as empty:
        for script in ("index/schema.sql", "index/lookups.sql"):
            empty.executescript(sql(script))
        return _objects(empty)


def _bad_values(index: sqlite3.Connection, table: str, name: str) -> Iterator[Finding]:
    """Yield the values that have another type than their column, or are not UTF-8."""
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
        is_wrong = f"typeof({quoted}) not in ({literal(declared)}, 'null')"
        wrong = index.execute(f"select rowid from {table} where {is_wrong}").fetchall()
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
