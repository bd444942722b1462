"""What an engine builds is what DuckDB builds, row by row."""

import csv
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from agreement import PLANS, RUN_IDS, Plan, ask_oracle, write_repairs
from engine_builds import (
    TIMEOUT_S,
    Engines,
    build_in,
    check_equal,
    differences,
    needs_engines,
    needs_java,
    reference,
)
from harness import REPOSITORY, Models
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracle import Refused
from roots import DataRoot, data_roots, split_table, write_root

from docs_index.engines.builds import last_complete
from docs_index.layout import open_layout

pytestmark = needs_engines
CORPORA = REPOSITORY / "../shared/corpora"
ON_ENGINES = [  # the engine, and how many random roots
    ("sail", 1),
    pytest.param("sail", 4, marks=pytest.mark.slow),
    pytest.param("local", 1, marks=[pytest.mark.slow, needs_java]),
]
on_engines = pytest.mark.parametrize(("engine", "examples"), ON_ENGINES)


def drawn(examples: int) -> settings:
    """Return settings that draw so many roots, always the same, and shrink none."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def has_rows(description: DataRoot) -> bool:
    """Tell a root with something to build from one with next to nothing."""
    rows = sum(len(table.rows) for table in description.tables.values())
    return rows >= 12 and len(description.tables) == 4


def sample(folder: Path) -> Path:
    root = folder / "it's a root"
    shutil.copytree(REPOSITORY / "sample", root)
    return root


def first_rows(root: Path, table: str) -> list[dict[str, str]]:
    path = root / f"7_cross_experiment/{table}_results.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def repair(root: Path, *rows: tuple[str, ...]) -> None:
    """Write repairs: source, row_index, task_id, action, value."""
    path = root / "7_cross_experiment/generation_repairs.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        names = ["source_csv", "row_index", "task_id", "action", "value"]
        writer.writerow([*names, "reason", "by"])
        writer.writerows([*row, 'a "reason"\twith \u2028', "ann"] for row in rows)


@pytest.mark.parametrize(
    "engine", ["sail", pytest.param("local", marks=[pytest.mark.slow, needs_java])]
)
def test_the_repaired_sample_is_equal(
    engines: Engines, models: Models, tmp_path: Path, engine: str
) -> None:
    """A row is ignored, one with an invalid timestamp gets one, and one a parent.

    One table is a folder of files.
    """
    root = sample(tmp_path)
    drafts = first_rows(root, "draft_generation")
    links = first_rows(root, "link_generation")
    essays = first_rows(root, "essay_generation")
    repair(
        root,
        ("draft", "1", drafts[0]["draft_task_id"], "ignore", ""),
        (
            *("link", "5", links[4]["link_task_id"]),
            *("set_timestamp", "2025-03-14T15:55:00Z"),
        ),
        (
            *("essay", "1", essays[0]["essay_task_id"]),
            *("set_parent", drafts[1]["draft_task_id"]),
        ),
    )
    split_table(root, "essay_generation_results")
    check_equal(engines, models, engine, root, tmp_path)


def check_description(
    engines: Engines, models: Models, engine: str, folder: Path, description: DataRoot
) -> None:
    check_equal(
        engines,
        models,
        engine,
        folder / "it's a root",
        folder,
        RUN_IDS[description.evaluation_root],
        description.evaluation_root,
        description.max_response_bytes,
    )


def written(folder: Path, description: DataRoot) -> Path:
    root = folder / "it's a root"
    root.mkdir()
    write_root(description, root)
    return root


@on_engines
def test_hostile_roots_are_equal(
    engines: Engines,
    models: Models,
    tmp_path_factory: pytest.TempPathFactory,
    engine: str,
    examples: int,
) -> None:
    @drawn(examples)
    @given(description=data_roots().filter(has_rows))
    def compare(description: DataRoot) -> None:
        folder = tmp_path_factory.mktemp("hostile")
        written(folder, description)
        check_description(engines, models, engine, folder, description)

    compare()


@on_engines
def test_repaired_hostile_roots_are_equal(
    engines: Engines,
    models: Models,
    tmp_path_factory: pytest.TempPathFactory,
    engine: str,
    examples: int,
) -> None:
    @drawn(examples)
    @given(
        description=data_roots().filter(has_rows),
        plans=st.lists(PLANS, min_size=1, max_size=4),
    )
    def compare(description: DataRoot, plans: list[Plan]) -> None:
        folder = tmp_path_factory.mktemp("repaired")
        root = written(folder, description)
        write_repairs(root, plans, ask_oracle(root, description))
        try:
            ask_oracle(root, description)
        except Refused:
            outcome = engines.build(
                engine,
                root,
                run_id=RUN_IDS[description.evaluation_root],
                evaluation_root=description.evaluation_root,
                max_response_bytes=description.max_response_bytes,
            )
            assert outcome.code != 0
            assert "cannot be applied" in outcome.said
        else:
            check_description(engines, models, engine, folder, description)

    compare()


@pytest.mark.slow
@pytest.mark.parametrize("corpus", ["daydreaming/data"])
def test_corpora_are_equal(
    engines: Engines, models: Models, tmp_path: Path, corpus: str
) -> None:
    if not (CORPORA / corpus).is_dir():
        pytest.skip("the real corpus is not there")
    root = tmp_path / "root"
    shutil.copytree(CORPORA / corpus, root)
    check_equal(engines, models, "sail", root, tmp_path)


def test_an_unchanged_file_is_not_read_again(
    engines: Engines, models: Models, tmp_path: Path
) -> None:
    """The second build knows all files but the one that changed."""
    root = sample(tmp_path)
    assert engines.build("sail", root).code == 0
    paths = sorted((root / "3_generation").rglob("*.txt"))
    changed, removed = paths[0], paths[1]
    changed.write_text("another text")
    removed.unlink()
    os.utime(changed, (1, 1))
    # As if it had another name: with a new one, dbt would parse the project again.
    last, build = build_in(root, "build_before"), build_in(root)
    build.folder.rename(last.folder)
    build.sources.rename(last.sources)
    outcome = engines.build("sail", root)
    assert outcome.code == 0, outcome.said[-5000:]
    database = reference(models, root, tmp_path)
    assert differences(database, build) == {}
    assert not last.folder.exists() and not last.sources.exists()


@pytest.mark.parametrize(
    "last_table",
    ["int_responses__wanted", pytest.param("documents", marks=pytest.mark.slow)],
)
def test_a_killed_build_is_followed_by_a_whole_one(
    engines: Engines, models: Models, tmp_path: Path, last_table: str
) -> None:
    """Killed before and after it read the responses; what it left is removed."""
    root = sample(tmp_path)
    build = build_in(root)
    process = engines.started("sail", root)
    until = time.monotonic() + TIMEOUT_S
    while not build.table(last_table).exists():
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not build.is_complete and last_complete(open_layout(root)) is None
    left = [build.folder / "left", build.sources / "left"]
    for each in left:
        each.touch()
    assert not (root / "db/build.duckdb").exists()
    check_equal(engines, models, "sail", root, tmp_path)
    assert not any(each.exists() for each in left)


def dumped(root: Path, where: str) -> object:
    import sqlite3

    with sqlite3.connect(root / "db/documents.sqlite") as index:
        return index.execute(f"select * from {where} order by 1, 2").fetchall()


def read_once(root: Path) -> object:
    """Return the tables of the CSV files, with their numbers of rows."""
    with duckdb.connect(str(root / "db/build.duckdb"), read_only=True) as database:
        return database.execute(
            "select schema_name, table_name, estimated_size from duckdb_tables() "
            "where schema_name in ('cross_experiment', 'raw', 'data_root') order by all"
        ).fetchall()


def test_a_run_on_an_engine_leaves_what_a_run_on_duckdb_leaves(tmp_path: Path) -> None:
    """Histories too, which DuckDB reads and joins to the tables of the engine.

    The engine's workers write shards, which are unpacked for comparing.
    """
    roots = {}
    for engine in ("duckdb", "spark"):
        root = tmp_path / engine
        shutil.copytree(REPOSITORY / "sample", root)
        histories = REPOSITORY / "examples/histories"
        shutil.copytree(histories, root, dirs_exist_ok=True)
        command = [str(Path(sys.executable).parent / "docs-index"), "run"]
        options = ["--data-root", str(root), "--engine", engine]
        if engine == "spark":
            options += ["--session", "sail", "--layout", "packed"]
            options += ["--packed-by", "engine"]
        environment = os.environ | {"DBT_TARGET_PATH": str(tmp_path / "target")}
        environment.pop("DBT_LOG_PATH", None)
        process = subprocess.run(
            [*command, *options],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        roots[engine] = root
        if engine == "spark":
            assert "on sail and DuckDB" in process.stderr
            assert "shards written by the workers of sail" in process.stderr
    unpacked = tmp_path / "unpacked"
    unpack = [command[0], "unpack", "--data-root", str(root), "--to", str(unpacked)]
    subprocess.run(unpack, check=True, capture_output=True)
    different = subprocess.run(
        ["diff", "-r", roots["duckdb"] / "docs", unpacked],
        capture_output=True,
        check=False,
    )
    assert different.stdout == b""
    assert read_once(roots["duckdb"]) == read_once(roots["spark"])
    for table in ("documents", "document_links", "bad_generations", "link_candidates"):
        assert dumped(roots["duckdb"], table) == dumped(roots["spark"], table)
