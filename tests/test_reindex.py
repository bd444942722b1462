"""scripts/reindex_docs.py rebuilds the index from metadata.json, or writes no file."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from building import (
    LOCK,
    REPOSITORY,
    Process,
    Run,
    documents,
    dump,
    good,
    holding,
    index,
    materialize,
    results,
    script,
    snapshot,
)

from docs_index.audit.reindex import Options, reindex
from docs_index.errors import OutputExistsError
from docs_index.index.ids import key
from docs_index.index.new_row import NewDocument
from docs_index.index.writer import Writer
from docs_index.layout import open_layout

SCRIPT = REPOSITORY / "scripts" / "reindex_docs.py"
LISTS = (
    "bad_generations",
    "link_candidates",
    "backfill_conflicts",
    "backfill_counters",
    "column_descriptions",
    "list_checksums",
)


def run(root: Path, *args: str) -> Process:
    return script(root, "reindex_docs.py", *args)


def reindexed(root: Path) -> Path:
    return root / "db" / "documents.reindexed.sqlite"


def swap(root: Path) -> None:
    """Put the new index in the place of the old one."""
    os.replace(reindexed(root), index(root))


def metadata(root: Path, condition: str) -> Path:
    folder: str = documents(root, condition)[0]["doc_dir"]
    return root / "docs" / folder / "metadata.json"


def assert_rebuilt(root: Path) -> None:
    """Check a reindexed store against the original: equal rows, and empty lists."""
    original = dump(root)
    swap(root)
    rebuilt = dump(root)
    assert rebuilt["documents"] == original["documents"]
    assert sorted(rebuilt["sqlite_master"]) == sorted(original["sqlite_master"])
    assert {name: rebuilt[name] for name in LISTS} == {name: [] for name in LISTS}


def test_the_new_index_equals_the_old_and_the_next_run_completes_it(ran: Path) -> None:
    before = results(ran)
    untouched = snapshot(ran)
    process = good(run(ran))
    assert f"32 documents in {reindexed(ran)}\n" in process.stdout
    made = set(snapshot(ran)) - set(untouched)
    assert made == {"db/documents.reindexed.sqlite"}
    assert_rebuilt(ran)
    good(materialize(ran))
    assert results(ran) == before


def test_odd_documents_are_rebuilt(odd_run: Run, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(odd_run.root, root, symlinks=True)
    good(run(root))
    assert_rebuilt(root)


def test_many_documents_are_rebuilt_in_workers(large_run: Run, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(large_run.root, root, symlinks=True)
    (root / "db/build.duckdb").unlink()
    index_before = index(root).rename(root / "old.sqlite")
    good(run(root, "--workers", "2", "--output", str(index(root))))
    rebuilt = dump(root)["documents"]
    index_before.replace(index(root))
    assert rebuilt == dump(root)["documents"]


def test_a_lost_folder_of_databases_is_made_anew(ran: Path, first_run: Run) -> None:
    shutil.rmtree(ran / "db")
    assert run(ran).returncode == 0
    swap(ran)
    assert dump(ran)["documents"] == dump(first_run.root)["documents"]


def test_nothing_is_written_over_without_being_told(ran: Path) -> None:
    reindexed(ran).write_text("precious")
    process = run(ran)
    assert process.returncode == 2
    assert "pass --replace" in process.stderr
    assert reindexed(ran).read_text() == "precious"
    (ran / "db/documents.reindexed.sqlite-wal").write_text("of the one before")
    good(run(ran, "--replace"))
    assert not (ran / "db/documents.reindexed.sqlite-wal").exists()
    assert_rebuilt(ran)


def test_what_is_made_meanwhile_is_not_written_over(ran: Path) -> None:
    output = ran / "db" / "other.sqlite"
    options = Options(output=output, workers=1)
    with pytest.raises(OutputExistsError, match="pass --replace"):
        reindex(open_layout(ran), options, lambda *_: output.touch())
    assert output.read_bytes() == b""
    assert [path.name for path in output.parent.glob("*other*")] == [output.name]


@pytest.mark.parametrize("output", ["db", "nowhere/index.sqlite"])
def test_an_output_that_cannot_be_is_refused(output: str, ran: Path) -> None:
    process = run(ran, "--output", str(ran / output), "--replace")
    assert process.returncode == 2
    assert "cannot be a file" in process.stderr


def as_an_older_version_made_it(root: Path) -> Path:
    """Give an evaluation the row_key, id and directory that it had once."""
    path = metadata(root, "stage = 'evaluation'")
    fields = json.loads(path.read_text())
    names = ("source_csv", "task_id", "timestamp")
    fields["row_key"] = ":".join([*(fields[name] for name in names), "1"])
    parts = [fields[name] for name in ("logical_key_id", "run_id", "row_key")]
    fields["doc_id"] = key(*parts)
    fields["doc_dir"] = f"evaluation/{parts[0]}/{fields['doc_id']}"
    path.write_text(json.dumps(fields, indent=2, ensure_ascii=False) + "\n")
    return path.parent.rename(root / "docs" / fields["doc_dir"])


def test_documents_of_the_older_identity_are_not_taken_over(ran: Path) -> None:
    older = as_an_older_version_made_it(ran)
    before = snapshot(ran)
    process = run(ran, "--json")
    assert process.returncode == 2
    (finding,) = json.loads(process.stdout)["findings"]
    assert finding["code"] == "row_key_old"
    assert older.name in finding["path"]
    assert snapshot(ran) == before
    assert "Start a new index" in run(ran).stdout
    assert "31 documents" in run(ran, "--skip-damaged").stderr


def test_all_damaged_documents_are_told_together(ran: Path) -> None:
    broken = metadata(ran, "stage = 'evaluation'")
    broken.write_text("{")
    gone = metadata(ran, "stage = 'essay'")
    gone.unlink()
    forged = metadata(ran, "row_key like 'draft:%'")
    forged.write_text(forged.read_text().replace('"ok"', '"fine"'))
    before = snapshot(ran)
    process = run(ran)
    assert process.returncode == 2
    assert snapshot(ran) == before
    for path in (broken, gone, forged):
        assert str(path.relative_to(ran)) in process.stdout
    report = json.loads(run(ran, "--json").stdout)
    assert report["output"] is None
    assert {finding["code"] for finding in report["findings"]} == {
        "metadata_unreadable",
        "file_missing",
        "constraint_broken",
        "parent_missing",
    }


def test_damaged_documents_and_what_hangs_on_them_are_left_out(ran: Path) -> None:
    draft = documents(ran, "doc_id in (select parent_doc_id from documents)")[0]
    family = {draft["doc_id"]}
    for _ in range(2):
        family |= {d["doc_id"] for d in documents(ran) if d["parent_doc_id"] in family}
    assert len(family) > 1
    (ran / "docs" / draft["doc_dir"] / "metadata.json").write_text("[]")
    expected = [row for row in dump(ran)["documents"] if row[0] not in family]
    process = run(ran, "--skip-damaged")
    assert process.returncode == 1
    assert f"{len(family)} documents left out" in process.stderr
    swap(ran)
    assert dump(ran)["documents"] == expected


def test_several_files_that_say_nothing_of_a_row_are_no_repeated_rows(
    ran: Path,
) -> None:
    for path in sorted((ran / "docs").rglob("metadata.json"))[:2]:
        path.write_text("[]")
    codes = {each["code"] for each in json.loads(run(ran, "--json").stdout)["findings"]}
    assert "metadata_unreadable" in codes
    assert "row_repeated" not in codes


def _of_run_time(root: Path) -> None:
    Writer(root, run_id="autumn").add(
        NewDocument(
            stage="draft",
            task_id="d",
            template_id="t",
            model_id="m",
            timestamp="2025-06-01",
            attempt_id="1",
            raw="text",
            combo_id="c",
        )
    )


def _required() -> list[str]:
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(
            (REPOSITORY / "src/docs_index/index/sql/schema.sql").read_text()
        )
        columns = empty.execute("pragma table_info(documents)").fetchall()
    required = [name for _, name, _, is_required, *_ in columns if is_required]
    assert len(required) > 10
    return [name for name in required if name != "meta_small"]  # made of the others


@pytest.mark.parametrize("name", _required())
def test_what_a_row_must_have_is_missed(ran: Path, name: str) -> None:
    _of_run_time(ran)
    options = Options(output=reindexed(ran), skip_damaged=True)
    for condition in ("run_id = 'autumn'", "row_key like 'draft:%'"):
        path = metadata(ran, condition)
        original = path.read_text()
        lacking = json.loads(original) | {name: None}
        text = json.dumps(lacking, indent=2, sort_keys=True, ensure_ascii=False)
        path.write_text(f"{text}\n")
        summary = reindex(open_layout(ran), options, lambda done, total: None)
        damaged = str(path.relative_to(ran))
        assert any(finding.path == damaged for finding in summary.findings)
        assert summary.documents + summary.left_out == 33
        assert summary.left_out > 0
        reindexed(ran).unlink()
        path.write_text(original)


def test_a_run_at_work_keeps_it_from_working(ran: Path) -> None:
    with holding(ran, ran / "db/.lock", LOCK):
        assert run(ran).returncode == 75
    assert not reindexed(ran).exists()


def test_without_documents_there_is_nothing_to_rebuild(ran: Path) -> None:
    shutil.rmtree(ran / "docs")
    process = run(ran)
    assert process.returncode == 2
    assert "there are no documents" in process.stderr


@pytest.mark.slow
def test_a_kill_leaves_no_half_file(large_run: Run, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(large_run.root, root, symlinks=True)
    unpublished = root / "db/.documents.reindexed.sqlite.unpublished"
    command = [sys.executable, str(SCRIPT), "--data-root", str(root), "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        end = time.monotonic() + 30
        while not unpublished.exists() and process.poll() is None:
            assert time.monotonic() < end
        os.kill(process.pid, signal.SIGKILL)
    assert not reindexed(root).exists()
    good(run(root))
    assert_rebuilt(root)
    assert not [path for path in root.glob("db/.documents*")]
