"""Verify while programs add documents: it finds what is wrong, and only that."""

import fcntl
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from building import LOCK, holding, index, snapshot, started

from docs_index.audit import verify as module
from docs_index.audit.findings import Report
from docs_index.audit.verify import Options, verify
from docs_index.disk.lock import held_lock, holder_of, shared_lock
from docs_index.errors import LockedError
from docs_index.index import snapshot as copying
from docs_index.index.new_row import NewDocument
from docs_index.index.snapshot import copy_index
from docs_index.index.writer import Writer
from docs_index.layout import Layout, open_layout

DRAFT = NewDocument(
    stage="draft",
    task_id="added",
    template_id="t",
    model_id="m",
    timestamp="2025-06-01",
    attempt_id="0",
    combo_id="c",
    raw="by a program",
)
ADDING = """
import sys
from docs_index.index.new_row import NewDocument
from docs_index.index.writer import Writer
number, adding = 0, Writer(sys.argv[1], run_id=sys.argv[2])
while True:
    name = f"{sys.argv[2]}-{number}"
    adding.add(NewDocument(
        stage="draft", task_id=name, template_id="t", model_id="m", raw=name,
        timestamp="2025-06-01", attempt_id=name, combo_id=name,
    ))
    number += 1
    if number == 1:
        print(flush=True)
"""


def verified(root: Path) -> Report:
    return verify(open_layout(root), Options(share=1.0), lambda done, total: None)


def count(copy: Path) -> int:
    with closing(sqlite3.connect(copy)) as connection:
        return len(connection.execute("select 1 from documents").fetchall())


def meanwhile(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Have something happen once, between the copy of the index and the walk."""
    is_over = False

    def copied(layout: Layout, folder: Path) -> Path:
        nonlocal is_over
        copy = copy_index(layout, folder)
        if not is_over:
            is_over = True
            change()
        return copy

    monkeypatch.setattr(module, "copy_index", copied)


# The shared lock ----------------------------------------------------------------------


def test_readers_share_the_lock_and_write_nothing(tmp_path: Path) -> None:
    path = tmp_path / "db/.lock"
    with shared_lock(path, 0) as is_locked:
        assert not is_locked  # there is no lock file, and none is made
    assert list(tmp_path.iterdir()) == []
    with held_lock(path):
        with shared_lock(path, 0) as is_locked:
            assert is_locked  # this process has it to itself
        assert str(os.getpid()) in str(holder_of(path))
    with shared_lock(path, 0) as first, shared_lock(path, 0) as second:
        assert (first, second) == (True, True)
    assert path.read_bytes() == b""


def test_the_shared_lock_is_waited_for_only_so_long(ran: Path) -> None:
    lock = ran / "db/.lock"
    with holding(ran, lock, LOCK) as process:
        begun = time.monotonic()
        with shared_lock(lock, 0.1) as is_locked:
            assert not is_locked
        assert time.monotonic() - begun > 0.1
        threading.Timer(0.2, os.kill, (process, 9)).start()
        with shared_lock(lock, 60) as is_locked:
            assert is_locked


def test_a_file_system_without_locks_is_read_without(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(37, "No locks available")

    with monkeypatch.context() as patch:
        patch.setattr("fcntl.flock", refused)
        with shared_lock(ran / "db/.lock", 60) as is_locked:
            assert not is_locked


# The copy -----------------------------------------------------------------------------


def log(root: Path) -> Path:
    return Path(f"{index(root)}-journal")


def test_a_journal_that_is_gone_before_it_is_copied_does_not_matter(
    ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ran / "db/.lock").unlink()
    log(ran).write_bytes(b"")
    copy_file = shutil.copyfile

    def vanishing(source: Any, target: Any) -> object:
        log(ran).unlink(missing_ok=True)
        return copy_file(source, target)

    monkeypatch.setattr(shutil, "copyfile", vanishing)
    monkeypatch.setattr(Path, "exists", os.path.lexists)
    assert count(copy_index(open_layout(ran), tmp_path)) == 32


def test_a_copy_during_which_the_index_changed_is_made_again(
    ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ran / "db/.lock").unlink()
    log(ran).write_bytes(b"")
    copy_file, times = shutil.copyfile, []

    def growing(source: Any, target: Any) -> object:
        made = copy_file(source, target)
        times.append(source)
        if len(times) < 4:
            os.utime(index(ran), ns=(0, len(times)))
        return made

    monkeypatch.setattr(shutil, "copyfile", growing)
    assert count(copy_index(open_layout(ran), tmp_path)) == 32
    assert times.count(index(ran)) == 3


def test_an_index_that_never_rests_is_told(
    ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ran / "db/.lock").unlink()
    log(ran).write_bytes(b"")
    monkeypatch.setattr(copying, "_copy_files", lambda index, _: os.utime(index))
    with pytest.raises(LockedError, match="keeps changing"):
        copy_index(open_layout(ran), tmp_path)


def test_it_is_copied_under_the_lock(
    ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = copying._backed_up

    def backed_up(layout: Layout, copy: Path) -> Path:
        with open(layout.lock) as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return made(layout, copy)

    monkeypatch.setattr(copying, "_backed_up", backed_up)
    before = snapshot(ran)
    folder = tmp_path / "copy"
    folder.mkdir()
    assert count(copy_index(open_layout(ran), folder)) == 32
    assert snapshot(ran) == before


# What is added while it walks ---------------------------------------------------------


def test_what_a_program_adds_meanwhile_is_no_finding(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, lambda: Writer(ran, run_id="autumn").add(DRAFT))
    report = verified(ran)
    assert (report.findings, report.undecided, report.running) == ([], 0, None)
    assert (report.documents, report.directories) == (32, 33)


def test_what_is_wrong_is_found_though_a_program_adds_meanwhile(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ran / "docs/essay/stray/directory").mkdir(parents=True)
    meanwhile(monkeypatch, lambda: Writer(ran, run_id="autumn").add(DRAFT))
    report = verified(ran)
    assert report.counts == {"directory_unindexed": 1}
    assert report.undecided == 0


def test_a_changed_bad_list_is_found_though_a_program_adds_meanwhile(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ran / "7_cross_experiment/bad_generations.csv"
    path.write_text(path.read_text("utf-8").replace("duplicate", "other"), "utf-8")
    meanwhile(monkeypatch, lambda: Writer(ran, run_id="autumn").add(DRAFT))
    assert verified(ran).counts == {"bad_list_differs": 1}


def test_a_folder_of_unpublished_directories_may_go_again(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ran / "docs/.unpublished").mkdir()

    def add(*_: object) -> None:
        Writer(ran, run_id="autumn").add(DRAFT)

    inspect = module.inspect

    def inspected(*args: Any) -> None:
        inspect(*args)
        add()

    monkeypatch.setattr(module, "inspect", inspected)
    assert verified(ran).findings == []


def test_a_run_that_begins_meanwhile_leaves_it_undecided(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    (ran / "docs/essay/stray/directory").mkdir(parents=True)
    held = holding(ran, ran / "db/.lock", LOCK)
    meanwhile(monkeypatch, held.__enter__)
    try:
        report = verified(ran)
    finally:
        held.__exit__(None, None, None)
    assert (report.findings, report.undecided) == ([], 1)
    assert report.running


@pytest.mark.slow
@pytest.mark.parametrize("has_lock_file", [True, False])
def test_many_programs_that_add_without_a_pause_disturb_nothing(
    ran: Path, has_lock_file: bool
) -> None:
    stray = ran / "docs/essay/stray/directory"
    stray.mkdir(parents=True)
    if not has_lock_file:
        (ran / "db/.lock").unlink()
    with (
        started(ran, "-c", ADDING, str(ran), "one") as one,
        started(ran, "-c", ADDING, str(ran), "two") as two,
    ):
        numbers = []
        end = time.monotonic() + 20
        while time.monotonic() < end:
            report = verified(ran)
            assert report.counts == {"directory_unindexed": 1}
            assert report.findings[0].path == "docs/essay/stray/directory"
            assert (report.undecided, report.running) == (0, None)
            numbers.append(report.documents)
            assert (one.poll(), two.poll()) == (None, None)
    assert numbers[-1] > numbers[0]
