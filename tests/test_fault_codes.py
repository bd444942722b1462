"""Errors of the system, of SQLite and of DuckDB are sorted by what they are."""

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from docs_index.disk.faults import Fault, fault_of_code
from docs_index.disk.faults import fault_of as fault_of_system
from docs_index.warehouse.faults import fault_of, is_damaged_file
from docs_index.warehouse.sqlite_extension import attach_index, load_extension


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A SQLite file of many pages."""
    path = tmp_path / "index.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table documents (doc_id text, number int)")
        rows = [("x" * 100, number) for number in range(5000)]
        connection.executemany("insert into documents values (?, ?)", rows)
    return path


def read(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=0)) as connection:
        connection.execute("select count(number) from documents").fetchone()


def write(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=0)) as connection:
        connection.execute("delete from documents")


def read_in_duckdb(path: Path) -> None:
    with duckdb.connect() as db:
        load_extension(db)
        attach_index(db, path, read_only=True)
        db.execute("select count(number) from stored.documents").fetchall()


def spoil(path: Path) -> None:
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:8192] + b"\xff" * (size - 8192))


def error_of(action: Callable[[Path], None], path: Path) -> Exception:
    with pytest.raises((sqlite3.Error, duckdb.Error)) as failed:
        action(path)
    return failed.value


@pytest.mark.parametrize("action", [read, read_in_duckdb])
def test_a_spoiled_file_is_damage(index: Path, action: Callable[[Path], None]) -> None:
    spoil(index)
    assert fault_of(error_of(action, index)) is Fault.DAMAGED


@pytest.mark.parametrize("action", [read, read_in_duckdb])
def test_what_is_not_a_database_is_damage(
    index: Path, action: Callable[[Path], None]
) -> None:
    index.write_bytes(b"garbage" * 1000)
    assert fault_of(error_of(action, index)) is Fault.DAMAGED


def test_a_file_that_another_connection_writes_is_locked(index: Path) -> None:
    with closing(sqlite3.connect(index)) as other:
        other.execute("begin exclusive")
        assert fault_of(error_of(read, index)) is Fault.LOCKED
        assert fault_of(error_of(write, index)) is Fault.LOCKED


def test_a_limit_on_its_pages_is_a_full_disk(index: Path) -> None:
    text = "database or disk is full"
    with closing(sqlite3.connect(index)) as connection:
        connection.execute("pragma max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError, match=text) as failed:
            connection.execute("insert into documents select * from documents")
    assert fault_of_system(failed.value) is Fault.FULL
    assert fault_of(duckdb.Error(text)) is Fault.FULL


@pytest.mark.parametrize("query", ["select 1 from none", "select none from documents"])
def test_what_is_not_there_is_of_the_statement(index: Path, query: str) -> None:
    with (
        closing(sqlite3.connect(index)) as connection,
        pytest.raises(sqlite3.OperationalError) as failed,
    ):
        connection.execute(query)
    assert fault_of(failed.value) is Fault.STATEMENT


def test_text_that_is_not_utf8_has_no_code() -> None:
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(sqlite3.OperationalError) as failed,
    ):
        connection.execute("select cast(x'ff' as text)").fetchall()
    assert fault_of(failed.value) is Fault.UNKNOWN


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Fault.LOCKED),
        (sqlite3.SQLITE_LOCKED_SHAREDCACHE, Fault.LOCKED),
        (sqlite3.SQLITE_CORRUPT_INDEX, Fault.DAMAGED),
        (sqlite3.SQLITE_IOERR_WRITE, Fault.STORAGE),
        (sqlite3.SQLITE_READONLY, Fault.STORAGE),
        (sqlite3.SQLITE_CANTOPEN, Fault.STORAGE),
    ],
)
def test_an_extended_code_is_sorted_as_its_primary_one(code: int, fault: Fault) -> None:
    assert fault_of_code(code) is fault


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (OSError(errno.ENOSPC, "x"), Fault.FULL),
        (OSError(errno.EIO, "x"), Fault.STORAGE),
        (OSError("without a number"), Fault.STORAGE),
        (ValueError("database is locked"), Fault.UNKNOWN),
        (sqlite3.Error("database is locked"), Fault.UNKNOWN),
        (duckdb.OutOfMemoryException("x"), Fault.FULL),
        (duckdb.Error('Failed to prepare query "x": database is locked'), Fault.LOCKED),
        (duckdb.IOException(f"x: {os.strerror(errno.ENOSPC)}"), Fault.FULL),
        (duckdb.IOException("Could not set lock on file"), Fault.LOCKED),
        (duckdb.IOException(""), Fault.STORAGE),
    ],
)
def test_an_error_without_a_code_is_sorted_by_class_or_text(
    error: Exception, fault: Fault
) -> None:
    assert fault_of(error) is fault


def test_a_build_that_is_garbage_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "build.duckdb"
    path.write_bytes(b"garbage" * 10_000)
    with pytest.raises(duckdb.Error) as failed:
        duckdb.connect(path).close()
    assert is_damaged_file(failed.value)
    with pytest.raises(duckdb.Error) as failed:
        duckdb.connect(tmp_path)
    assert not is_damaged_file(failed.value)
