"""A dry run touches nothing, wherever the build is and for any user."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp

import pytest
from building import (
    BUILD,
    DBT,
    LOCK,
    REPOSITORY,
    SCRIPT,
    Process,
    Run,
    build,
    by_itself,
    copied,
    good,
    holding,
    index,
    materialize,
    process,
    run,
)

READ_ONLY = (
    "unshare", "--map-root-user", "--mount", "sh", "-c",
    'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"',
)  # fmt: skip
STRANGER = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
PLAN = [sys.executable, str(SCRIPT), "--dry-run", "--json"]

Listing = dict[str, tuple[int, ...]]


def listing(root: Path) -> Listing:
    """Return all that a write would change of a folder and of what is in it."""
    return {
        str(path): (
            status.st_ino, status.st_mode, status.st_uid, status.st_nlink,
            status.st_size, status.st_mtime_ns, status.st_ctime_ns,
        )
        for path in (root, *sorted(root.rglob("*")))
        for status in [path.lstat()]
    }  # fmt: skip


def planned(said: Process) -> dict[str, int]:
    """Return what a dry run would do with documents."""
    found: dict[str, int] = json.loads(good(said).stdout)["documents"]
    return found


@pytest.fixture
def looked_at(built_sample: Path) -> Iterator[tuple[Path, Path]]:
    """A root that nothing has worked on, and a folder with its build.

    Both are where another user may look.
    """
    folder = Path(mkdtemp(prefix="docs_index_test_"))
    folder.chmod(0o755)
    (folder / "scratch").mkdir()
    (folder / "session").mkdir()  # dbt's files go to the folder above it
    root = copied(built_sample, folder / "session")
    shutil.move(root / "db" / "build.duckdb", folder / "scratch")
    shutil.rmtree(root / "db")
    yield root, folder / "scratch"
    shutil.rmtree(folder)


def need(*command: str, reason: str) -> None:
    """Skip a test on a machine where a command does not work."""
    is_there = shutil.which(command[0]) is not None
    if not is_there or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip(reason)


def test_a_plan_of_a_build_elsewhere_touches_nothing(
    looked_at: tuple[Path, Path],
) -> None:
    root, scratch = looked_at
    before = listing(root)
    said = materialize(root, *PLAN[2:], DOCS_INDEX_SCRATCH=str(scratch))
    assert listing(root) == before
    assert planned(said)["placed"] == 32


def test_a_plan_of_the_roots_own_build_touches_nothing(ran: Path) -> None:
    before = listing(ran)
    assert planned(materialize(ran, *PLAN[2:]))["skipped"] == 32
    assert listing(ran) == before


@pytest.mark.slow
def test_a_build_elsewhere_touches_nothing(looked_at: tuple[Path, Path]) -> None:
    root, scratch = looked_at
    before = listing(root)
    good(build(root, DOCS_INDEX_SCRATCH=str(scratch / "made" / "here")))
    assert listing(root) == before
    assert (scratch / "made" / "here" / "build.duckdb").is_file()


@pytest.mark.parametrize("has_index", [False, True])
def test_a_user_who_may_only_read_gets_the_plan(
    looked_at: tuple[Path, Path], first_run: Run, has_index: bool
) -> None:
    need(*STRANGER, "true", reason="this user may not become another")
    root, scratch = looked_at
    if has_index:
        shutil.copytree(first_run.root / "docs", root / "docs", dirs_exist_ok=True)
        (root / "db").mkdir()
        shutil.copy(index(first_run.root), root / "db")
        (root / "db" / ".lock").touch()
    before = listing(root)
    environment: dict[str, str | None] = {"DOCS_INDEX_SCRATCH": str(scratch)}
    said = process(root, [*STRANGER, *PLAN], environment | {"HOME": "/nonexistent"})
    assert listing(root) == before
    assert planned(said)["skipped" if has_index else "placed"] == 32


@pytest.mark.slow
def test_build_and_plan_of_a_root_that_is_mounted_read_only(
    looked_at: tuple[Path, Path],
) -> None:
    root, scratch = looked_at
    need(
        *READ_ONLY, str(root), "sh", "-c", f"! touch {root}/new",
        reason="this user may not have namespaces of its own",
    )  # fmt: skip
    wrapper = [*READ_ONLY, str(root)]
    before = listing(root)
    environment = by_itself(root) | {"DOCS_INDEX_SCRATCH": str(scratch / "new")}
    good(process(root, [*wrapper, sys.executable, str(DBT), *BUILD], environment))
    said = process(root, [*wrapper, *PLAN], environment)
    assert listing(root) == before
    assert planned(said)["placed"] == 32


def test_what_a_killed_writer_had_begun_is_undone_in_a_copy(
    left_half_written: Path,
) -> None:
    before = listing(left_half_written)
    assert any(path.endswith("-journal") for path in before)
    assert planned(materialize(left_half_written, *PLAN[2:]))["skipped"] == 32
    assert listing(left_half_written) == before


def test_an_index_that_was_left_in_wal_mode_stays_so(ran: Path) -> None:
    log = index(ran).with_name(f"{index(ran).name}-wal")
    saved = ran.parent / "saved"
    with closing(sqlite3.connect(index(ran))) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("delete from backfill_counters")
        connection.commit()
        shutil.copy(log, saved)  # closing it would apply the log
    shutil.copy(saved, log)
    before = listing(ran)
    assert planned(materialize(ran, *PLAN[2:]))["skipped"] == 32
    assert listing(ran) == before


def test_a_plan_waits_for_nobody_and_says_who_is_at_work(ran: Path) -> None:
    lock = ran / "db" / ".lock"
    with holding(ran, lock, LOCK) as holder:
        before = listing(ran)
        said = materialize(ran, *PLAN[2:])
        assert listing(ran) == before
    assert said.returncode == 75
    assert f"(process {holder}) is working on {ran}: wait until" in said.stderr


@pytest.mark.parametrize("name", ["materialize_docs.py", "suggest_repairs.py"])
def test_a_build_for_looking_is_not_written_from(
    looked_at: tuple[Path, Path], name: str
) -> None:
    root, scratch = looked_at
    before = listing(root)
    command = [sys.executable, str(REPOSITORY / "scripts" / name)]
    said = run(root, command, {"DOCS_INDEX_SCRATCH": str(scratch)})
    assert said.returncode == 2
    assert "DOCS_INDEX_SCRATCH is set" in said.stderr
    assert "Unset it, then run this again" in said.stderr
    assert listing(root) == before


def test_a_missing_build_elsewhere_is_named(ran: Path, tmp_path: Path) -> None:
    said = materialize(ran, *PLAN[2:], DOCS_INDEX_SCRATCH=str(tmp_path / "none"))
    assert said.returncode == 2
    assert f"there is no dbt build in {tmp_path / 'none'}: run" in said.stderr


def test_the_folder_of_the_index_is_not_for_looking(root: Path) -> None:
    environment = {"DOCS_INDEX_SCRATCH": os.fspath(root / "db")}
    for said in (
        build(root, **environment),
        materialize(root, "--dry-run", **environment),
    ):
        assert said.returncode == 2
        assert "a folder of the data root" in said.stdout + said.stderr
