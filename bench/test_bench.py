"""Checks the benchmark's own parts; the plain script is run in its place."""

import hashlib
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from run import (
    APPEND,
    FIRST,
    PLAIN,
    RERUN,
    Measured,
    Usage,
    break_even,
    ratios_at,
    ratios_between,
)

BENCH = Path(__file__).resolve().parent


def run(script: str, *arguments: object) -> str:
    command = [sys.executable, str(BENCH / script), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def make(folder: Path, rows: int, *options: object) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(
        run("make_root.py", folder, "--documents", rows, *options)
    )
    return made


def tree_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def count(output: Path, condition: str = "true") -> int:
    with closing(sqlite3.connect(output / "db" / "documents.sqlite")) as db:
        query = f"select count(*) from documents where {condition}"
        return int(db.execute(query).fetchone()[0])


@pytest.mark.slow
def test_same_seed_gives_equal_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        make(tmp_path / name, 500, "--seed", seed)
        make(tmp_path / name, 100, "--append")
    hashes = [tree_hash(tmp_path / name) for name in "abc"]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.slow
def test_plain_script_makes_the_expected_documents(tmp_path: Path) -> None:
    made = make(tmp_path / "root", 3000)
    run("plain_script.py", tmp_path / "root", tmp_path / "out")
    assert made["rows"] == made["documents"] + sum(made["bad_by_reason"].values())
    assert count(tmp_path / "out") == made["documents"]
    assert count(tmp_path / "out", "status = 'parse_error'") == made["parse_errors"]


@pytest.mark.slow
def test_lean_script_makes_the_documents_of_the_plain_one(tmp_path: Path) -> None:
    make(tmp_path / "root", 3000)
    run("plain_script.py", tmp_path / "root", tmp_path / "plain")
    run("lean_script.py", tmp_path / "root", tmp_path / "lean")
    plain, lean = (made_by(tmp_path / name) for name in ("plain", "lean"))
    assert plain == lean


def made_by(output: Path) -> tuple[list[object], dict[str, object]]:
    """Return the index rows, and the files' content, JSON as what it says."""
    with closing(sqlite3.connect(output / "db" / "documents.sqlite")) as db:
        rows = db.execute("select * from documents order by doc_id").fetchall()
    files: dict[str, object] = {}
    for path in output.rglob("*.*"):
        text = path.read_bytes()
        if path.parent.name != "db":
            name = str(path.relative_to(output))
            files[name] = json.loads(text) if path.suffix == ".json" else text
    return rows, files


def measured(rows: int, job: float, script: float) -> Measured:
    names = {"build": job, "materialize": 0.0, "plain": script}
    steps = {name: Usage(seconds, seconds, 1.0) for name, seconds in names.items()}
    return Measured(rows, rows, steps)


@pytest.mark.parametrize(
    ("runs", "rows"),
    [
        ([(0, 3.0, 0.0), (100, 4.0, 2.0), (200, 5.0, 6.0)], 100 + 100 * 2 / 3),
        ([(0, 3.0, 0.0), (100, 4.0, 2.0)], 300.0),  # beyond the largest
        ([(0, 3.0, 0.0), (100, 4.0, 9.0), (200, 9.0, 8.0), (300, 9.0, 10.0)], 250.0),
        ([(0, 3.0, 0.0), (100, 5.0, 2.0)], None),
        ([(0, 3.0, 4.0), (100, 5.0, 6.0)], 0.0),
    ],
)
def test_break_even_is_where_the_lines_cross_last(
    runs: list[tuple[int, float, float]], rows: float | None
) -> None:
    found = break_even([measured(*run) for run in runs], PLAIN)
    assert found == (rows if rows is None else pytest.approx(rows))


def test_the_packed_layout_is_compared_with_directories() -> None:
    def with_packed(rows: int, materialize: float, packed: float) -> Measured:
        steps = dict.fromkeys((*FIRST, *RERUN, *APPEND), 1.0)
        steps |= dict.fromkeys(("minimal", "plain", "lean"), 1.0 + rows)
        steps |= {"materialize": materialize, "packed_materialize": packed}
        usage = {name: Usage(seconds, 1.0, 1.0) for name, seconds in steps.items()}
        return Measured(rows, rows + 1, usage)

    empty, large = with_packed(0, 1.0, 1.0), with_packed(10, 5.0, 3.0)
    at = ratios_at(empty, large)
    assert at["packed_over_directories"] == 0.5
    assert at["packed_materialize"] == 3 / 5
    between = ratios_between(empty, large)
    assert between["marginal_packed_over_plain"] == 2 / 10
    assert between["marginal_packed_over_directories"] == 0.5


def test_appended_rows_add_the_expected_documents(tmp_path: Path) -> None:
    first = make(tmp_path / "root", 1000, "--without-files", 0.5)
    more = make(tmp_path / "root", 500, "--append")
    run("plain_script.py", tmp_path / "root", tmp_path / "out")
    assert count(tmp_path / "out") == first["documents"] + more["documents"]


def test_minimal_writer_writes_the_same_names_and_sizes(tmp_path: Path) -> None:
    make(tmp_path / "root", 200)
    run("plain_script.py", tmp_path / "root", tmp_path / "out")
    run("minimal_writer.py", tmp_path / "out" / "docs", tmp_path / "copy")
    original, copy = (
        {path.relative_to(folder): path.stat().st_size for path in folder.rglob("*.*")}
        for folder in (tmp_path / "out" / "docs", tmp_path / "copy")
    )
    assert original == copy


def bench(tmp_path: Path, materialize: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "work").mkdir()
    options = ["--folder", tmp_path / "work", "--json", tmp_path / "bench.json"]
    options += ["--sizes", "100,300", "--append", "50", "--no-packed"]
    options += ["--build-command", "true", "--materialize-command", materialize]
    command = [sys.executable, str(BENCH / "run.py"), *map(str, options)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.mark.slow
def test_bench_compares_and_leaves_nothing_behind(tmp_path: Path) -> None:
    script = f'exec python {BENCH}/plain_script.py "$DATA_ROOT" "$DATA_ROOT"'
    result = bench(tmp_path, f"sh -c '{script}'")
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "bench.json").read_text())
    assert [run["rows"] for run in report["runs"]] == [0, 100, 300]
    assert report["ratios"]["by_size"]["300"]["total_over_plain"] > 0
    assert report["ratios"]["by_size"]["300"]["total_over_lean"] > 0
    assert report["ratios"]["between"]["growth"] > 0
    assert report["ratios"]["between"]["marginal_over_lean"]
    assert set(report["ratios"]["break_even"]) == {"plain", "lean"}
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.slow
def test_bench_refuses_a_job_that_makes_no_documents(tmp_path: Path) -> None:
    result = bench(tmp_path, "true")
    assert result.returncode == 1
    assert "left no index" in result.stderr
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.slow
def test_cohorts_are_compared_and_leave_nothing_behind(tmp_path: Path) -> None:
    options = ("--evaluations", "10,40", "--essays", 4, "--folder", tmp_path)
    assert "4 times the store" in run("run_cohorts.py", *options)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_scores_are_counted_and_leave_nothing_behind(tmp_path: Path) -> None:
    options = ("--evaluations", "10,40", "--folder", tmp_path)
    assert "4 times the store" in run("run_scores.py", *options)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_histories_are_compared_and_leave_nothing_behind(tmp_path: Path) -> None:
    printed = run("run_histories.py", "--sizes", 200, "--folder", tmp_path)
    assert "inline / files" in printed
    assert list(tmp_path.iterdir()) == []
