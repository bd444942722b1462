"""Two SQLite libraries never have the index open in one process: that corrupts it."""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from building import (
    KILLED_WRITER,
    REPOSITORY,
    Run,
    as_nobody,
    copied,
    dump,
    index,
    query,
    script,
    snapshot,
)

from docs_index.errors import DocsIndexError, IndexFileError, StorageError
from docs_index.index.database import end_run, settle_index
from docs_index.index.reader import open_documents
from docs_index.ingest.materialize import Options, materialize
from docs_index.layout import open_layout
from docs_index.packs.connecting import load_extension
from docs_index.resources import sql
from docs_index.warehouse import session as store
from docs_index.warehouse import sqlite_extension as attaching

CONNECT = sqlite3.connect
CODE = [*REPOSITORY.glob("src/**/*.py"), *REPOSITORY.glob("scripts/*.py")]
CODE += REPOSITORY.glob("models/**/*.py")


def test_modules_that_open_with_pythons_sqlite_import_no_duckdb() -> None:
    texts = {str(path.relative_to(REPOSITORY)): path.read_text() for path in CODE}
    opening = {path for path, text in texts.items() if "sqlite3.connect(" in text}
    names = (
        "apps/web/copies", "apps/web/report", "audit/index_checks", "index/database",
        "index/schema", "index/search", "index/snapshot", "index/writer",
        "warehouse/histories/databases",
    )  # fmt: skip
    assert opening == {f"src/docs_index/{name}.py" for name in names}
    importing = re.compile(r"^\s*(?:import|from) duckdb\b", re.MULTILINE)
    assert not [path for path in opening if importing.search(texts[path])]


def test_what_dbt_loads_does_not_know_the_index() -> None:
    program = (
        "import sys, docs_index.warehouse.plugin, docs_index.warehouse.response_facts\n"
        "assert 'docs_index.index.database' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_extension_of_another_version_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(duckdb, "__version__", "0.0.0")
    with duckdb.connect() as db, pytest.raises(IndexFileError) as refusal:
        load_extension(db)
    assert "no sqlite extension for DuckDB 0.0.0 in " in str(refusal.value)


def test_each_library_has_the_index_after_the_other_has_let_it_go(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = open_layout(root)
    used: list[str] = []
    stores: list[duckdb.DuckDBPyConnection] = []
    open_in_python: list[sqlite3.Connection] = []
    connect, attach = sqlite3.connect, attaching.attach_index

    class Watched(sqlite3.Connection):
        def close(self) -> None:
            open_in_python.remove(self)
            super().close()

    def connect_alone(*args: Any, **options: Any) -> sqlite3.Connection:
        names = "select 1 from duckdb_databases() where database_name = 'stored'"
        # By a cursor: the connection is in use by another thread.
        assert not any(db.cursor().execute(names).fetchall() for db in stores)
        used.append("Python")
        open_in_python.append(connect(*args, factory=Watched, **options))
        return open_in_python[-1]

    def attach_alone(db: duckdb.DuckDBPyConnection, *args: Any, **options: Any) -> None:
        assert open_in_python == []
        used.append("DuckDB")
        attach(db, *args, **options)
        stores[:] = [db]

    monkeypatch.setattr(sqlite3, "connect", connect_alone)
    monkeypatch.setattr(store, "attach_index", attach_alone)
    for _ in range(2):
        materialize(layout, Options(), lambda done, total: None)
        stores.clear()  # closed
    first_run = ["Python", "DuckDB", "DuckDB", "Python"]  # make, read, write, settle
    first_run += ["Python", "Python"]  # has the run to record its end, and its end
    # Is it an index, is its schema ours; read; is there an end to record.
    assert used == [*first_run, "Python", "Python", "DuckDB", "Python"]


def test_what_a_killed_writer_had_begun_is_undone(
    left_half_written: Path, first_run: Run
) -> None:
    process = script(left_half_written, "materialize_docs.py")
    assert process.returncode == 0, process.stderr
    assert dump(left_half_written) == dump(first_run.root)


def test_a_reader_undoes_it_too(left_half_written: Path) -> None:
    with open_documents(left_half_written) as found:
        assert found.count("true") == 32
    assert not index(left_half_written).with_suffix(".sqlite-journal").exists()


def test_verifying_leaves_a_killed_writers_journal_alone(
    left_half_written: Path,
) -> None:
    before = snapshot(left_half_written)
    assert "documents.sqlite-journal" in {Path(path).name for path in before}
    process = script(left_half_written, "verify_docs.py", "--read-data", "all")
    assert process.returncode == 0, process.stdout
    assert snapshot(left_half_written) == before


def test_verifying_makes_no_log_of_an_index_in_wal_mode(ran: Path) -> None:
    with closing(sqlite3.connect(index(ran))) as connection:
        connection.execute("pragma journal_mode = wal")
    before = snapshot(ran)
    assert script(ran, "verify_docs.py").returncode == 0
    assert snapshot(ran) == before


LEFT_IN_WAL_MODE = """
import os, signal, sqlite3, sys
index = sqlite3.connect(sys.argv[1], isolation_level=None)
index.execute("pragma journal_mode = wal")
index.execute("create table of_others as select 1 as a")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("left", [("-wal",), ("-wal", "-shm")], ids=" ".join)
@pytest.mark.parametrize("killed", [LEFT_IN_WAL_MODE, KILLED_WRITER])
def test_what_a_killed_writer_left_is_readable_for_others(
    first_run: Run, killed: str, left: Sequence[str]
) -> None:
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        root = copied(first_run.root, Path(place))
        command = [sys.executable, "-c", killed, str(index(root))]
        subprocess.run(command, check=False)
        for suffix in {"-wal", "-shm"} - set(left):
            Path(f"{index(root)}{suffix}").unlink(missing_ok=True)
        before = snapshot(root)
        os.chmod(root / "db", 0o555)
        assert as_nobody(lambda: counted(root)) == "32"
        os.chmod(root / "db", 0o755)
        assert snapshot(root) == before


def test_an_index_in_wal_mode_is_readable_for_others(first_run: Run) -> None:
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        root = copied(first_run.root, Path(place))
        with closing(sqlite3.connect(index(root))) as connection:
            connection.execute("pragma journal_mode = wal")
        os.chmod(root / "db", 0o555)
        assert as_nobody(lambda: counted(root)) == "32"
        os.chmod(root / "db", 0o755)
        assert not Path(f"{index(root)}-shm").exists()


def counted(root: Path) -> str:
    """Return how many documents a reader finds, or what it was told."""
    try:
        with open_documents(root) as found:
            return str(found.count("true"))
    except (DocsIndexError, sqlite3.Error) as error:
        return str(error)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL])
def test_a_log_that_cannot_be_taken_over_is_told(
    ran: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    fail(monkeypatch, "pragma journal_mode = delete", code)
    with pytest.raises(StorageError, match="no luck; run again to complete"):
        settle_index(index(ran))


def test_the_end_of_a_run_waits_for_readers(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(index(ran))) as connection, connection:
        connection.execute("update run_record set documents = 1")
    with monkeypatch.context() as failing:
        fail(failing, sql("index/end_run.sql"), sqlite3.SQLITE_BUSY)
        end_run(index(ran), 32)
        fail(failing, sql("index/end_run.sql"), sqlite3.SQLITE_IOERR)
        with pytest.raises(StorageError, match="no luck; run again to complete"):
            end_run(index(ran), 32)
    assert query(ran, "select documents from run_record") == [(1,)]
    end_run(index(ran), 32)
    assert query(ran, "select documents from run_record") == [(32,)]


def fail(monkeypatch: pytest.MonkeyPatch, statement: str, code: int) -> None:
    """Have a statement fail with a result code of SQLite, on every connection."""

    class Failing(sqlite3.Connection):
        def execute(self, query: str, *values: Any) -> sqlite3.Cursor:
            if query == statement:
                error = sqlite3.OperationalError("no luck")
                error.sqlite_errorcode = code
                raise error
            return super().execute(query, *values)

    opened = partial(CONNECT, factory=Failing)
    monkeypatch.setattr(sqlite3, "connect", opened)


def test_a_reader_keeps_an_index_in_wal_mode_and_is_no_error(ran: Path) -> None:
    with closing(sqlite3.connect(index(ran))) as reader:
        reader.execute("pragma journal_mode = wal")
        reader.execute("begin")
        reader.execute("select * from documents").fetchone()
        settle_index(index(ran))
        assert reader.execute("pragma journal_mode").fetchone() == ("wal",)
    settle_index(index(ran))
    assert query(ran, "pragma journal_mode") == [("delete",)]
