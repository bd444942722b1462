"""Shards that an engine's workers write are those of a run on this machine."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from engine_builds import NAME, Engines, build_in, needs_engines, needs_java
from harness import REPOSITORY, Models

from docs_index.layout import open_layout
from docs_index.packs.manifest import files_on_disk, read_manifest

pytestmark = needs_engines
TIMEOUT_S = 600
FEW_BYTES = 9000  # of a shard: seven shards of the sample


@dataclass(frozen=True)
class Ended:
    """How a run ended, what it printed, and what it said."""

    code: int
    summary: dict[str, Any]
    said: str


@dataclass(frozen=True)
class Packed:
    """A built data root, and what a run on this machine writes there."""

    root: Path
    whole: Path
    lines: list[str]
    rows: list[tuple[Any, ...]]

    def reset(self) -> None:
        """Take the data root back to the end of its build."""
        shutil.rmtree(self.root.parent)
        shutil.copytree(self.whole, self.root)


@pytest.fixture(scope="module")
def built(
    engines: Engines, models: Models, tmp_path_factory: pytest.TempPathFactory
) -> Packed:
    """The sample, built by an engine and by DuckDB."""
    folder = tmp_path_factory.mktemp("packs")
    root = folder / "of one/it's a root"
    shutil.copytree(REPOSITORY / "sample", root)
    outcome = engines.build("sail", root)
    assert outcome.code == 0, outcome.said[-5000:]
    models.write_build(root)
    with duckdb.connect(str(open_layout(root).build)) as connection:
        connection.execute("create table engine_build as select ? as name", [NAME])
    shutil.copytree(root, folder / "whole")
    here = run(root, "here")
    assert here.code == 0, here.said
    assert here.summary["documents"]["placed"] == 32
    return Packed(root, folder / "whole", lines(root), index_rows(root))


@pytest.fixture
def packed(built: Packed) -> Packed:
    built.reset()
    return built


def started(root: Path, engine: str, **asked: Any) -> "subprocess.Popen[str]":
    """Start a run that goes on from a build."""
    question = root.parent / "asked.json"
    question.write_text(json.dumps({"shard_bytes": FEW_BYTES, "always": True, **asked}))
    paths = [str(REPOSITORY / "src"), str(REPOSITORY / "tests/engines")]
    return subprocess.Popen(
        [sys.executable, "-m", "packing_run", str(root), engine, str(question)],
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join(paths),
            "DBT_TARGET_PATH": str(root.parent / "target"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: "subprocess.Popen[str]") -> Ended:
    out, said = process.communicate(timeout=TIMEOUT_S)
    summary = json.loads(out) if process.returncode == 0 else {}
    return Ended(process.returncode, summary, said)


def run(root: Path, engine: str, **asked: Any) -> Ended:
    return ended(started(root, engine, **asked))


def lines(root: Path) -> list[str]:
    """Return the lines of the manifest, whatever their order."""
    return sorted(open_layout(root).manifest.read_text().splitlines())


def index_rows(root: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(root / "db/documents.sqlite") as index:
        return index.execute("select * from documents order by doc_id").fetchall()


def listed(root: Path) -> list[str]:
    return sorted(shard.file for shard in read_manifest(open_layout(root)))


def check_whole(packed: Packed) -> None:
    """Check that nothing is there but what a run on this machine leaves."""
    layout = open_layout(packed.root)
    assert lines(packed.root) == packed.lines
    assert sorted(files_on_disk(layout)) == listed(packed.root)
    assert index_rows(packed.root) == packed.rows
    assert not layout.unpublished.exists()


def check_completed(packed: Packed, placed: int, found: int) -> None:
    """Check that another run completes the work."""
    again = run(packed.root, "sail")
    assert again.code == 0, again.said
    assert again.summary["documents"]["placed"] == placed
    assert again.summary["documents"]["found"] == found
    check_whole(packed)


def tries_of_shards(packed: Packed) -> list[int]:
    names = [path.stem for path in (packed.root.parent / "tries").iterdir()]
    return sorted({name: names.count(name) for name in names}.values())


@pytest.mark.parametrize("engine", ["sail", pytest.param("local", marks=needs_java)])
def test_workers_write_the_shards_of_a_run_here(packed: Packed, engine: str) -> None:
    """Byte for byte, so that `unpack` makes the same directories."""
    assert len(packed.lines) == 7
    ran = run(packed.root, engine)
    assert ran.code == 0, ran.said
    assert ran.summary["said"] == f"shards written by the workers of {engine}"
    check_whole(packed)
    assert run(packed.root, engine).summary["said"] == ""
    check_whole(packed)


def test_a_few_documents_are_written_by_the_process_of_the_run(packed: Packed) -> None:
    ran = run(packed.root, "sail", always=False)
    assert ran.code == 0, ran.said
    assert "written by this process: less than 256 MB" in ran.summary["said"]
    check_whole(packed)


def test_a_response_that_changed_since_the_build_is_found(packed: Packed) -> None:
    found = {}
    for engine in ("here", "sail"):
        packed.reset()
        changed, removed = sorted((packed.root / "3_generation").rglob("*.txt"))[3:5]
        changed.write_text("another text")
        removed.unlink()
        ran = run(packed.root, engine)
        assert ran.code == 0, ran.said
        assert ran.summary["documents"]["response_changed"] > 1
        outcomes = ran.summary["documents"]
        found[engine] = (outcomes, lines(packed.root), conflicts(packed.root))
    assert found["here"] == found["sail"]


def conflicts(root: Path) -> list[tuple[Any, ...]]:
    query = "select * from backfill_conflicts order by 1, 2"
    with sqlite3.connect(root / "db/documents.sqlite") as index:
        return index.execute(query).fetchall()


def test_a_killed_worker_leaves_nothing_that_is_named(packed: Packed) -> None:
    """Sail's workers are threads of the session's process."""
    ran = run(packed.root, "sail", faults="killed_in_the_middle")
    assert ran.code == 74, ran.said
    assert "its process has died; run again to complete" in ran.said
    assert {file.partition("/")[0] for file in listed(packed.root)} == {"draft"}
    assert list(open_layout(packed.root).unpublished.rglob("*.parquet"))
    check_completed(packed, 19, 13)


@pytest.mark.slow
def test_a_worker_killed_after_its_shard_leaves_one_to_remove(packed: Packed) -> None:
    ran = run(packed.root, "sail", faults="killed_at_the_end")
    assert ran.code == 74, ran.said
    unnamed = {*files_on_disk(open_layout(packed.root))} - {*listed(packed.root)}
    assert {file.partition("/")[0] for file in unnamed} == {"essay"}
    check_completed(packed, 19, 13)


@pytest.mark.slow
@needs_java
@pytest.mark.parametrize("fault", ["killed_in_the_middle", "killed_at_the_end"])
def test_an_engine_tries_a_task_again(packed: Packed, fault: str) -> None:
    ran = run(packed.root, "local", faults=fault)
    assert ran.code == 0, ran.said
    assert tries_of_shards(packed)[-1] > 1
    check_whole(packed)


def test_two_tries_at_a_time_make_one_shard(packed: Packed) -> None:
    ran = run(packed.root, "sail", faults="tried_twice")
    assert ran.code == 0, ran.said
    check_whole(packed)


@pytest.mark.parametrize(
    ("step", "placed", "found"),
    [("listing", 32, 0), pytest.param("rows", 0, 32, marks=pytest.mark.slow)],
)
def test_a_run_killed_after_its_shards_is_completed(
    packed: Packed, step: str, placed: int, found: int
) -> None:
    """Before the manifest names them, or before the index has rows."""
    ran = run(packed.root, "sail", dies=step)
    assert ran.code == -signal.SIGKILL
    assert bool(listed(packed.root)) == (step == "rows")
    assert files_on_disk(open_layout(packed.root))
    check_completed(packed, placed, found)


@pytest.fixture
def hanging(packed: Packed) -> Iterator["subprocess.Popen[str]"]:
    """A run whose workers write the second phase, and never end."""
    process = started(packed.root, "sail", faults="hanging")
    while not (packed.root.parent / "hanging").exists():
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.05)
    yield process
    process.kill()
    process.communicate()


def test_no_other_run_begins_while_workers_write(
    packed: Packed, hanging: "subprocess.Popen[str]"
) -> None:
    ran = run(packed.root, "sail")
    assert ran.code == 75, ran.said
    hanging.kill()
    check_completed(packed, 19, 13)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("losing", "documents are missing, or there twice"),
        ("on_another_machine", "all machines need the same data root"),
        pytest.param(
            *("on_a_full_disk", "No space left on device"), marks=pytest.mark.slow
        ),
    ],
)
def test_what_goes_wrong_is_told_and_nothing_is_named(
    packed: Packed, fault: str, words: str
) -> None:
    ran = run(packed.root, "sail", faults=fault)
    assert ran.code == 74
    assert words in ran.said
    assert "run again to complete" in ran.said
    assert {file.partition("/")[0] for file in listed(packed.root)} <= {"draft"}
    found = 13 if fault == "on_a_full_disk" else 0
    check_completed(packed, 32 - found, found)


def test_threads_of_a_worker_do_not_mix_rows(packed: Packed) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from docs_index.engines.workers import pack_shard
    from docs_index.ingest.document_files import DocumentFiles
    from docs_index.ingest.pack_placer import PackPlacer
    from docs_index.warehouse.parsers import built_in_parsers

    layout = open_layout(packed.root)
    layout.unpublished.mkdir(parents=True)
    expression = built_in_parsers().expression
    files = DocumentFiles("", str(layout.root), 2**20, expression)
    placer = PackPlacer(files, str(layout.unpublished), dry_run=False)
    planned = pq.read_table(build_in(packed.root).table("document_files"))
    for name in ("parsed_from", "parsed_bytes", "parsed_text"):  # parse all again
        field = planned.schema.field(name)
        nothing = pa.nulls(len(planned), field.type)
        place = planned.schema.get_field_index(name)
        planned = planned.set_column(place, field, nothing)
    tasks = [
        planned.slice(number % len(planned), 1).append_column(
            "shard", pa.array([number], pa.int32())
        )
        for number in range(6 * len(planned))
    ]
    alone = [pack_shard(placer, task).to_pylist() for task in tasks]
    with ThreadPoolExecutor(6) as threads:
        together = [
            answer.to_pylist()
            for answer in threads.map(lambda task: pack_shard(placer, task), tasks)
        ]
    assert together == alone
    assert {row["documents"] for answer in alone for row in answer} == {1}
