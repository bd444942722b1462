"""Errors of the system, of SQLite and of DuckDB are sorted by what they are."""

import errno
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from docs_index.disk.faults import Fault, fault_of_code
from docs_index.disk.faults import fault_of as fault_of_system
from docs_index.errors import (
    VERIFY,
    DocsIndexError,
    IndexFileError,
    LockedError,
    StorageError,
)
from docs_index.index.database import damage_persists
from docs_index.packs.connecting import load_extension
from docs_index.warehouse.dbt_run import failures_of
from docs_index.warehouse.faults import fault_of, is_damaged_file
from docs_index.warehouse.index_faults import naming_index
from docs_index.warehouse.python_models import made_or_told
from docs_index.warehouse.sqlite_extension import attach_index


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


@pytest.mark.parametrize(
    "code", [errno.EIO, errno.EACCES, errno.EINVAL, errno.ENOTRECOVERABLE, 250]
)
def test_a_code_that_is_no_paths_is_the_machines(code: int) -> None:
    assert fault_of_system(OSError(code, "x")) is Fault.STORAGE


@pytest.mark.parametrize("code", [errno.ENOENT, errno.ELOOP, errno.ENXIO])
def test_a_code_of_a_path_is_no_fault_of_the_machine(code: int) -> None:
    assert fault_of_system(OSError(code, "x")) is Fault.PATH


def test_a_python_model_that_fails_tells_one_line() -> None:
    def fail() -> duckdb.DuckDBPyRelation:
        raise OSError(errno.EIO, "Input/output error", "/root/x.txt")

    with duckdb.connect() as session:
        assert made_or_told(session, lambda: session.sql("select 1")).fetchall()
        assert session.table("model_faults").fetchall() == []
        [(message,)] = made_or_told(session, fail).fetchall()
        assert session.table("model_faults").fetchall() == [(message,)]
    assert message.startswith("/root/x.txt: Input/output error; mend the cause, then")


def interrupted() -> duckdb.DuckDBPyRelation:
    raise duckdb.InterruptException("INTERRUPT")


def test_a_python_model_that_is_interrupted_has_no_fault() -> None:
    with duckdb.connect() as session, pytest.raises(duckdb.InterruptException):
        made_or_told(session, interrupted)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RuntimeError("PRAGMA journal_mode: disk I/O error"), StorageError),
        (RuntimeError("unable to open database file"), StorageError),
        (duckdb.Error("Failed to commit: disk I/O error"), StorageError),
        (duckdb.Error("x: database is locked"), LockedError),
        (duckdb.Error("x: database disk image is malformed"), StorageError),
    ],
)
def test_an_error_of_sqlite_inside_duckdb_names_the_index(
    index: Path, error: Exception, kind: type[DocsIndexError]
) -> None:
    with pytest.raises(kind, match=str(index)), naming_index(index):
        raise error


def test_a_page_that_is_damaged_stays_so(index: Path) -> None:
    error = duckdb.Error("x: database disk image is malformed")
    assert not damage_persists(index)
    spoil(index)
    assert damage_persists(index)
    with pytest.raises(IndexFileError, match=VERIFY), naming_index(index):
        raise error


def test_other_errors_of_duckdb_stay_what_they_are(index: Path) -> None:
    for error in (duckdb.BinderException("x"), RuntimeError("Query interrupted")):
        with pytest.raises(type(error)), naming_index(index):
            raise error


def test_a_build_without_memory_says_what_to_set(tmp_path: Path) -> None:
    """DuckDB's own advice is of settings that a user of the program cannot set."""
    message = (
        "Runtime Error in model m (m.sql)\n  Out of Memory Error: failed to allocate "
        "data of size 16.0 MiB (9 MiB/9 MiB used)\n  \n  Possible solutions:\n"
        "  * Increasing the memory limit (SET memory_limit='...GB')\n  \n  See also"
    )
    result = {"status": "error", "message": message, "unique_id": "model.docs_index.m"}
    results = tmp_path / "run_results.json"
    results.write_text(json.dumps({"results": [result]}))
    [told] = failures_of(results)
    assert told.splitlines() == [
        "Out of Memory Error: failed to allocate data of size 16.0 MiB (9 MiB/9 MiB "
        "used)",
        "the build needs more memory than DOCS_INDEX_MEMORY allows (1GB if it is not "
        "set): set it to 2GB, for example, then run again",
    ]
