"""Two at once on a data root, and readers of the index while it is written."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from building import (
    BUILD,
    DBT,
    LARGE,
    SCRIPT,
    TIMEOUT_S,
    Results,
    Run,
    copied,
    good,
    index,
    materialize,
    results,
    sharing,
    started,
)
from faults import Popen, holds_lock, kill, seen, wait_for, workers

pytestmark = pytest.mark.slow

READER = Path(__file__).with_name("index_reader.py")
COMMANDS: dict[str, tuple[str, ...]] = {
    "dbt build": (str(DBT), *BUILD),
    "materialize": (str(SCRIPT), "--workers", "2"),
}
REFUSED = {"dbt build": 2, "materialize": 75}


@pytest.fixture
def busy(built_large: Path, memory: Path) -> Iterator[Path]:
    """A copy of the large root, built, in memory."""
    yield copied(built_large, memory / "busy")
    shutil.rmtree(memory / "busy")


@pytest.fixture(scope="module")
def expected(large_run: Run) -> Results:
    """What one run makes of the large root."""
    return results(large_run.root)


@contextmanager
def running(root: Path, command: str) -> Iterator[Popen]:
    """Have a command on a root, in a process group of its own."""
    options: dict[str, Any] = {"start_new_session": True}
    environment = sharing(root)
    if command == "materialize":
        environment = {}
    with started(root, *COMMANDS[command], environment=environment, **options) as one:
        yield one


@pytest.mark.parametrize("first", COMMANDS)
def test_whoever_comes_second_stops_and_names_the_first(
    busy: Path, expected: Results, first: str
) -> None:
    with running(busy, first) as holder:
        wait_for(lambda: _is_at_work(first, holder, busy))
        holder.send_signal(signal.SIGSTOP)
        _check_refusals(busy, holder)
        holder.send_signal(signal.SIGCONT)
        _, messages = holder.communicate(timeout=TIMEOUT_S)
    assert holder.returncode == 0, messages
    good(materialize(busy))
    assert results(busy) == expected


def _is_at_work(command: str, process: Popen, root: Path) -> bool:
    if command == "dbt build":
        return holds_lock(process, root)
    return seen(root) == "directories"


def _check_refusals(root: Path, holder: Popen) -> None:
    """Try every command at once while another holds the lock."""
    with ExitStack() as stack:
        others = {
            command: stack.enter_context(running(root, command)) for command in COMMANDS
        }
        for command, other in others.items():
            said = "".join(other.communicate(timeout=TIMEOUT_S))
            assert other.returncode == REFUSED[command], said
            assert said.count(f"(process {holder.pid}) is working on {root}: wait") == 1
            assert "Traceback" not in said
            assert "Could not set lock" not in said


def test_of_four_runs_at_once_one_works(busy: Path, expected: Results) -> None:
    with ExitStack() as stack:
        runs = [stack.enter_context(running(busy, "materialize")) for _ in range(4)]
        said = [run.communicate(timeout=TIMEOUT_S)[1] for run in runs]
    codes = [run.returncode for run in runs]
    assert 0 in codes
    assert set(codes) <= {0, 75}, said
    named = {str(run.pid) for run, code in zip(runs, codes, strict=True) if code == 0}
    for code, messages in zip(codes, said, strict=True):
        assert (code == 0) == (messages == "")
        assert code == 0 or messages.partition("(process ")[2].split(")")[0] in named
    assert results(busy) == expected


def test_a_run_waits_for_the_workers_of_a_killed_one(
    busy: Path, expected: Results
) -> None:
    with running(busy, "materialize") as killed:
        wait_for(lambda: seen(busy) == "directories")
        (worker, *_) = workers(killed)
        os.kill(worker, signal.SIGSTOP)
        assert kill(killed, with_workers=False)
    with running(busy, "materialize") as following:
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                following.communicate(timeout=2)
        finally:
            os.kill(worker, signal.SIGCONT)
        _, messages = following.communicate(timeout=TIMEOUT_S)
    assert following.returncode == 0, messages
    assert results(busy) == expected


# Readers -----------------------------------------------------------------------------


@contextmanager
def reading(root: Path, mode: str) -> Iterator[Callable[[], set[str]]]:
    """Have a reader of the index; yield what ends it and checks what it has seen.

    That returns the journal modes which it has seen.
    """
    command = (str(READER), str(index(root)), mode)
    with started(root, *command, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"

        def check() -> set[str]:
            said, messages = process.communicate("end\n", timeout=TIMEOUT_S)
            assert messages == ""
            journals, documents, faults = json.loads(said)
            assert faults == []
            assert documents > 0.9 * LARGE
            return set(journals)

        yield check


@pytest.mark.parametrize("mode", ["fresh", "plain", "kept"])
def test_readers_see_whole_documents_and_no_error(
    busy: Path, expected: Results, mode: str
) -> None:
    journals: set[str] = set()
    for prepare in (lambda root: None, _lose_evaluations):
        prepare(busy)
        with reading(busy, mode) as check:
            good(materialize(busy))
            journals |= check()
    assert "wal" in journals  # in which no reader waits, however long it takes
    good(materialize(busy))
    assert [file.name for file in index(busy).parent.glob("documents*")] == [
        "documents.sqlite"
    ]
    assert results(busy) == expected


def test_a_reader_that_never_ends_is_told_of_before_anything_is_written(
    busy: Path, expected: Results
) -> None:
    good(materialize(busy))
    _lose_evaluations(busy)
    before = results(busy)
    with closing(sqlite3.connect(index(busy), isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("select count(*) from documents").fetchall()
        run = materialize(busy)
        assert run.returncode == 75
        assert f"{index(busy)} is in use by another program" in run.stderr
        assert "Traceback" not in run.stderr
        assert results(busy) == before
    good(materialize(busy))
    assert results(busy) == expected


def _lose_evaluations(root: Path) -> None:
    """Take rows out of a finished index, for a run to put in while it is read."""
    find = "select sql from sqlite_master where name = 'documents_are_never_deleted'"
    with closing(sqlite3.connect(index(root))) as connection, connection:
        (trigger,) = connection.execute(find).fetchone()
        connection.execute("drop trigger documents_are_never_deleted")
        gone = "select doc_id from documents where stage = 'evaluation'"
        connection.execute(f"delete from document_links where doc_id in ({gone})")
        connection.execute("delete from documents where stage = 'evaluation'")
        connection.execute(trigger)
