"""A build keeps the tables of the last one only if nothing has changed since."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from building import (
    REPOSITORY,
    Process,
    append,
    build,
    copied,
    draft_row,
    good,
    process,
    sharing,
    snapshot,
    write,
)

from docs_index.layout import open_layout
from docs_index.warehouse.last_build import is_current, made_by

DRAFTS = "7_cross_experiment/draft_generation_results.csv"
KEPT = ["int_responses__read", "int_rows__resolved"]


@pytest.fixture(scope="module")
def settled(built_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, built when the times of its files were settled."""
    root = copied(built_sample, tmp_path_factory.mktemp("settled"))
    good(build(root))  # seconds after the files were copied
    good(build(root))
    return root


def current(root: Path, **settings: object) -> bool:
    """Tell whether the build of a root is current, of a command with more settings."""
    layout = open_layout(root)
    with duckdb.connect() as database:
        database.execute(f"attach '{layout.build}' as build (read_only)")
        [(made,)] = database.sql("select made_by from build.build_record").fetchall()
        made = made_by(layout, settings) if settings else made
        return is_current(database, layout, made)


def an_unusable_response(root: Path) -> str:
    with duckdb.connect(str(root / "db" / "build.duckdb"), read_only=True) as database:
        query = "select folder || '/' || path from int_responses__read"
        where = "where cause = 'there is no such file' order by all"
        [(path,), *_] = database.sql(f"{query} {where}").fetchall()
    return str(path)


def a_response(root: Path) -> Path:
    with duckdb.connect(str(root / "db" / "build.duckdb"), read_only=True) as database:
        query = "select folder || '/' || path from int_responses__read"
        where = "where signature is not null order by all"
        [(path,), *_] = database.sql(f"{query} {where}").fetchall()
    return root / str(path)


def changed_table(root: Path) -> Callable[[], None]:
    table = root / DRAFTS
    before = table.read_bytes()
    table.write_bytes(before.replace(b"success", b"succesS", 1))
    return lambda: void(table.write_bytes(before))


def removed_table(root: Path) -> Callable[[], None]:
    table = root / DRAFTS
    hidden = table.with_name("hidden.csv")
    table.rename(hidden)
    return lambda: void(hidden.rename(table))


def new_table(root: Path) -> Callable[[], None]:
    write(root, "1_raw/parsers.csv", "parser,kind,pattern\n")
    return (root / "1_raw/parsers.csv").unlink


def folder_for_table(root: Path) -> Callable[[], None]:
    """Make a table a folder: its file is the same, at another place."""
    table, folder = root / DRAFTS, (root / DRAFTS).with_suffix("")
    folder.mkdir()
    table.rename(folder / "a.csv")

    def undo() -> None:
        (folder / "a.csv").rename(table)
        folder.rmdir()

    return undo


def new_histories(root: Path) -> Callable[[], None]:
    write(root, "histories.yml", "sources: {}\n")
    return (root / "histories.yml").unlink


def response_that_was_missing(root: Path) -> Callable[[], None]:
    path = an_unusable_response(root)
    write(root, path, "here")
    return (root / path).unlink


def directory_that_was_missing(root: Path) -> Callable[[], None]:
    path = root / an_unusable_response(root)
    path.mkdir()
    return path.rmdir


def void(_: object) -> None:
    """Make an undoing of a function that returns something."""


@pytest.mark.parametrize(
    "change",
    [
        changed_table,
        removed_table,
        new_table,
        folder_for_table,
        new_histories,
        response_that_was_missing,
        directory_that_was_missing,
    ],
)
def test_a_change_is_seen_and_its_undoing_too(
    settled: Path, change: Callable[[Path], Callable[[], None]]
) -> None:
    assert current(settled)
    undo = change(settled)
    try:
        assert not current(settled)
    finally:
        undo()
    assert current(settled)


def test_a_new_file_in_the_folder_of_a_table_is_seen(
    settled: Path, tmp_path: Path
) -> None:
    root = copied(settled, tmp_path)
    folder = (root / DRAFTS).with_suffix("")
    folder.mkdir()
    (root / DRAFTS).rename(folder / "a.csv")
    good(build(root))
    good(build(root))  # in the first, the files may be too new to tell
    assert current(root)
    header = (folder / "a.csv").read_text("utf-8").splitlines()[0]
    (folder / "b.csv").write_text(f"{header}\n", "utf-8")
    assert not current(root)
    (folder / "b.csv").unlink()
    assert current(root)
    (folder / "a.csv").rename(root / DRAFTS)
    assert not current(root)


def test_other_settings_make_another_build(settled: Path) -> None:
    assert not current(settled, VARS={"evaluation_root": "4_evaluation"})


def test_another_run_id_or_root_makes_another_build(
    settled: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    layout = open_layout(settled)
    made = made_by(layout, {})
    assert made_by(open_layout(copied(settled, tmp_path)), {}) != made
    monkeypatch.setenv("RUN_ID", "other")
    assert made_by(layout, {}) != made


@pytest.mark.parametrize(
    "assignment", ["status = 'unfinished'", "made_by = ''", "made_by = null"]
)
def test_a_build_that_is_not_whole_is_not_current(
    settled: Path, tmp_path: Path, assignment: str
) -> None:
    build_file = tmp_path / "build.duckdb"
    build_file.write_bytes((settled / "db" / "build.duckdb").read_bytes())
    with duckdb.connect() as database:
        database.execute(f"attach '{build_file}' as build")
        [(made,)] = database.sql("select made_by from build.build_record").fetchall()
        assert is_current(database, open_layout(settled), made)
        database.execute(f"update build.build_record set {assignment}")
        assert not is_current(database, open_layout(settled), made)


def mark(root: Path) -> None:
    with duckdb.connect(str(root / "db" / "build.duckdb")) as database:
        for name in KEPT:
            database.execute(f"comment on table {name} is 'kept'")


def marked(root: Path) -> list[str]:
    with duckdb.connect(str(root / "db" / "build.duckdb"), read_only=True) as database:
        query = "select table_name from duckdb_tables() where comment = 'kept'"
        return sorted(name for (name,) in database.sql(query).fetchall())


@pytest.mark.slow
def test_tables_are_kept_until_a_response_changes_without_size_and_time(
    settled: Path, tmp_path: Path
) -> None:
    root = copied(settled, tmp_path)
    good(build(root))
    mark(root)
    said = good(build(root)).stdout
    assert "is complete: 32 documents, 8 rejected rows" in said
    assert marked(root) == KEPT
    good(build(root, "--full-refresh"))
    assert marked(root) == []
    mark(root)
    response = a_response(root)
    status = response.stat()
    response.write_bytes(response.read_bytes()[::-1])
    os.utime(response, ns=(status.st_atime_ns, status.st_mtime_ns))
    good(build(root))
    assert marked(root) == []


@pytest.mark.slow
def test_a_new_row_is_taken_in(settled: Path, tmp_path: Path) -> None:
    root = copied(settled, tmp_path)
    good(build(root))
    header = (root / DRAFTS).read_text("utf-8").splitlines()[0].split(",")
    row = draft_row("new", "2025-01-01T00:00:00", "")
    append(root, DRAFTS, ",".join(row.get(name, "") for name in header))
    assert "32 documents, 9 rejected rows" in good(build(root)).stdout


def run(root: Path, *options: str, command: str = "run") -> Process:
    script = str(REPOSITORY / "scripts" / "inspect_docs.py")
    words = [sys.executable, script, command, *options]
    return good(process(root, words, sharing(root)))


@pytest.mark.slow
def test_runs_and_plans_build_only_if_something_has_changed(
    settled: Path, tmp_path: Path
) -> None:
    root = copied(settled, tmp_path)
    first = run(root)  # the copy is another data root
    assert "built " in first.stderr
    good(build(root))  # in the first, the files may be too new to tell
    before = snapshot(root)
    kept = run(root, command="plan")
    assert "kept the last build" in kept.stderr
    made = run(root, "--full-refresh", command="plan")
    assert "built " in made.stderr
    assert made.stdout == kept.stdout
    assert snapshot(root) == before
    again = run(root)
    assert "kept the last build" in again.stderr
    assert "nothing new: nothing was written" in again.stdout
    assert json.loads(run(root, "--json").stdout)["build"] is None
    assert "built " in run(root, "--full-refresh").stderr
    a_response(root).write_text("changed", "utf-8")
    assert "built " in run(root, command="plan").stderr
    assert "built " in run(root, "--run-id", "other").stderr
