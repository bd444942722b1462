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
from docs_index.index.schema import differences
from docs_index.index.storage import Storage, read_storage
from docs_index.layout import FORMATS, KINDS
from docs_index.quoting import identifier, literal

_BROKEN_RULES = ("CHECK constraint failed", "NULL value in", "non-unique entry")
_NOT_UTF8 = "(not UTF-8)"
_TABLES = "select name from sqlite_master where type = 'table' order by name"
_TRIGGERS = "select name from sqlite_master where type = 'trigger' order by name"


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
        for difference in differences(index):
            code = "lookup_missing" if difference.is_made_last else "schema_differs"
            yield Finding(code, None, name, str(difference))
        yield from _unknown_storage(index, name)
        for (trigger,) in index.execute(_TRIGGERS).fetchall():
            index.execute(f"drop trigger {identifier(trigger)}")
        index.execute("pragma ignore_check_constraints = on")
        for (table,) in index.execute(_TABLES).fetchall():
            if table in TABLES:
                yield from _bad_values(index, table, name)
        index.commit()


def storage_of_copy(copy: Path) -> Storage | None:
    """Return how the copy says that documents are stored, None if it does not say.

    Raises:
        sqlite3.DatabaseError: the copy cannot be read.
    """
    with closing(sqlite3.connect(copy)) as index:
        return read_storage(index)


def _unknown_storage(index: sqlite3.Connection, name: str) -> Iterator[Finding]:
    """Yield what is wrong with the table that says how documents are stored."""
    if read_storage(index) is None:
        detail = (
            f"storage: its layout is not one of {', '.join(KINDS)}, or its "
            f"index_format is not one of {', '.join(FORMATS)}"
        )
        yield Finding("value_invalid", None, name, detail)


def content_of(copy: Path) -> tuple[set[str], bool]:
    """Return the directories that have a row, and whether there are current lists.

    Raises:
        sqlite3.DatabaseError: the copy cannot be read.
    """
    with closing(sqlite3.connect(copy)) as index:
        doc_dirs = index.execute("select doc_dir from documents").fetchall()
        lists = index.execute("select 1 from list_checksums").fetchall()
    return {doc_dir for (doc_dir,) in doc_dirs}, bool(lists)


def write_scores(copy: Path, path: Path) -> None:
    """Write the scores of the copy to a database of their own, as the doubles they are.

    DuckDB reads damaged values as texts alone, and then a double has 15 digits.

    Raises:
        sqlite3.DatabaseError: the copy cannot be read.
    """
    with closing(sqlite3.connect(copy)) as index:
        index.execute("attach ? as written", [str(path)])
        index.execute("create table written.scores (place integer, score real)")
        index.execute(
            "insert into written.scores "
            "select rowid, score from documents where typeof(score) = 'real'"
        )
        index.commit()


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
