"""scripts/materialize_docs.py, end to end: what it writes, refuses, and survives.

Most tests start from a copy of a built root (building.py) and run the script as a user
would. A run is mostly preceded by a dry run, which must promise what then happens.
"""

import fcntl
import hashlib
import json
import os
import pty
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from building import (
    LOCK,
    SCRIPT,
    Process,
    Run,
    append,
    bad_list,
    contents,
    copied,
    documents,
    draft_row,
    dump,
    good,
    holding,
    index,
    materialize,
    query,
    read_csv,
    report,
    results,
    script,
    snapshot,
    spoil_schema,
    started,
    write,
    write_table,
)
from harness import Models
from sampling import sampled
from terminal import LINES, on_terminal

from docs_index.errors import IndexFileError
from docs_index.index.new_row import NewDocument
from docs_index.index.writer import Writer
from docs_index.packs.connecting import load_extension

Document = dict[str, Any]
Summary = dict[str, Any]

PROMISED = (
    "documents",
    "placed_by_stage",
    "bad_rows_by_reason",
    "counters",
    "missing_tables",
    "bad_rows_added",
    "damaged",
    "examples",
)
# In the sample this draft has an essay and an evaluation as children, and the essay has
# an evaluation.
DRAFT = "combo_v1_a93f52_noticing-v1_basalt-2"
LINEAGE = f"task_id like '{DRAFT}%'"
PROMPTED = "combo_v1_a93f52_bridge-v0_basalt-2"


def run_as_planned(
    root: Path, *args: str, **environment: str | None
) -> tuple[int, Summary]:
    """Do a dry run and a run; the first writes nothing and promises the second."""
    before = snapshot(root)
    planned = materialize(root, "--dry-run", "--json", *args, **environment)
    assert snapshot(root) == before
    done = materialize(root, "--json", *args, **environment)
    plan, summary = json.loads(planned.stdout), json.loads(done.stdout)
    assert {name: plan[name] for name in PROMISED} == {
        name: summary[name] for name in PROMISED
    }
    assert planned.returncode == done.returncode
    return done.returncode, summary


def one(root: Path, condition: str) -> Document:
    """Return the one document that a condition is true of."""
    (document,) = documents(root, condition)
    return document


def conflicts(root: Path) -> list[tuple[str, str]]:
    """Return kind and doc_id of each conflict."""
    return query(root, "select kind, doc_id from backfill_conflicts order by doc_id")


def response(root: Path, document: Document) -> Path:
    """Return the response file of a document of the sample."""
    path: str = document["meta_small"]["response_file"]
    return root / "3_generation" / path


def ids(found: list[Document]) -> set[str]:
    return {document["doc_id"] for document in found}


# The first run -----------------------------------------------------------------------


def test_every_source_row_has_a_document_or_a_reason(first_run: Run) -> None:
    counters = dict(query(first_run.root, "select * from backfill_counters"))
    rows = sum(value for name, value in counters.items() if name.startswith("rows_"))
    assert len(documents(first_run.root)) == 32
    assert counters["bad_generations"] == 8
    assert rows == 40


def test_directories_are_those_of_the_index_and_no_file_is_beyond(
    first_run: Run,
) -> None:
    expected = {"raw.txt", "metadata.json"}
    files = set()
    for document in documents(first_run.root):
        names = expected | ({"parsed.txt"} if document["status"] == "ok" else set())
        names |= {"prompt.txt"} if document["task_id"] == PROMPTED else set()
        files |= {f"{document['doc_dir']}/{name}" for name in names}
    entries = snapshot(first_run.root / "docs").items()
    assert {path for path, entry in entries if entry.kind != "folder"} == files


def test_raw_is_the_response_file_byte_for_byte(first_run: Run) -> None:
    for document in documents(first_run.root):
        raw = first_run.root / "docs" / document["doc_dir"] / "raw.txt"
        assert raw.read_bytes() == response(first_run.root, document).read_bytes()


def test_hash_and_sizes_are_those_of_raw(first_run: Run) -> None:
    for document in documents(first_run.root):
        raw = (first_run.root / "docs" / document["doc_dir"] / "raw.txt").read_bytes()
        assert document["content_hash"] == hashlib.sha256(raw).hexdigest()
        assert document["raw_bytes"] == len(raw)
        assert document["raw_chars"] == len(raw.decode())


def test_parsed_chars_is_the_length_of_parsed(first_run: Run) -> None:
    for document in documents(first_run.root, "status = 'ok'"):
        parsed = first_run.root / "docs" / document["doc_dir"] / "parsed.txt"
        assert document["parsed_chars"] == len(parsed.read_bytes().decode())


def test_parsed_is_raw_where_there_is_no_parser(first_run: Run) -> None:
    found = documents(first_run.root, "parser is null")
    assert found
    for document in found:
        folder = first_run.root / "docs" / document["doc_dir"]
        parsed = (folder / "parsed.txt").read_bytes()
        assert parsed == (folder / "raw.txt").read_bytes()


def test_a_score_is_parsed_out_of_an_evaluation(first_run: Run) -> None:
    found = documents(first_run.root, "parser = 'in_last_line' and status = 'ok'")
    assert found
    for document in found:
        folder = first_run.root / "docs" / document["doc_dir"]
        assert re.fullmatch(r"[0-9]\.[0-9]+\n", (folder / "parsed.txt").read_text())


def test_a_parse_error_keeps_its_raw_text_alone(first_run: Run) -> None:
    document = one(first_run.root, "status = 'parse_error'")
    folder = first_run.root / "docs" / document["doc_dir"]
    assert document["parsed_chars"] is None
    assert {path.name for path in folder.iterdir()} == {"raw.txt", "metadata.json"}


def test_prompt_is_the_prompt_file(first_run: Run) -> None:
    document = one(first_run.root, f"task_id = '{PROMPTED}'")
    name = response(first_run.root, document).name
    prompt = first_run.root / "3_generation" / "links_prompts" / name
    written = first_run.root / "docs" / document["doc_dir"] / "prompt.txt"
    assert written.read_bytes() == prompt.read_bytes()


def test_metadata_is_the_row_with_its_provenance(first_run: Run) -> None:
    for document in documents(first_run.root):
        expected = document | document.pop("meta_small")
        written = first_run.root / "docs" / document["doc_dir"] / "metadata.json"
        text = json.dumps(expected, ensure_ascii=False, indent=2, sort_keys=True)
        assert written.read_text(encoding="utf-8") == text + "\n"


def test_parents_are_there_before_what_hangs_on_them(first_run: Run) -> None:
    seen: set[str | None] = {None}
    for document in documents(first_run.root):
        assert document["parent_doc_id"] in seen
        seen.add(document["doc_id"])


def test_counters_of_the_json_are_those_of_the_index(ran: Path) -> None:
    shown = json.loads(good(materialize(ran, "--json")).stdout)["counters"]
    stored = query(ran, "select * from backfill_counters order by counter")
    assert list(shown.items()) == stored


def test_a_summary_fits_a_screen(root: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--quiet"]
    environment = {"DATA_ROOT": str(root), "NO_COLOR": "1"}
    shown = on_terminal(command, environment)
    first, *lines = shown.splitlines()
    assert first == f"data root {root}, run_id backfill"
    assert 2 + len(lines) < LINES  # with a line for the build
    assert all(len(line) <= 80 or str(root) in line for line in lines)
    assert lines[0] == "32 new documents: 13 drafts, 7 essays, 12 evaluations"
    assert "8 rejected rows, 8 new" in lines
    for reason, count in query(root, "select reason, count(*) from bad_generations "
                               "group by 1"):  # fmt: skip
        (line,) = [line.split(maxsplit=2) for line in lines if f"  {reason} " in line]
        assert line[1] == str(count)
        assert line[2][0].islower()  # what to do, in brief
    assert "docs-index repairs" in lines[-2]
    assert "counters" not in shown
    assert not re.search(r"\b0\b", shown.replace(str(root), ""))
    again = on_terminal(command, environment)
    assert "no new documents\n32 documents of the build in the index already\n" in again
    assert "nothing new: nothing was written\n" in again


def test_a_summary_in_a_pipe_is_whole(root: Path) -> None:
    shown = good(materialize(root)).stdout
    assert "\nduplicate_row\t1\tnothing to do: the earlier row counts\n" in shown
    assert "\ndb/documents.sqlite\tthe index\n" in shown
    assert "…" not in shown


def test_bad_list_and_table_agree(first_run: Run) -> None:
    listed = read_csv(bad_list(first_run.root))
    names = ", ".join(listed[0])
    stored = query(first_run.root, f"select {names} from bad_generations")
    assert len(listed) == 8
    assert {tuple(row.values()) for row in listed} == {
        tuple("" if value is None else str(value) for value in row) for row in stored
    }


def test_integrity_of_the_index(first_run: Run) -> None:
    assert query(first_run.root, "pragma integrity_check") == [("ok",)]
    assert query(first_run.root, "pragma foreign_key_check") == []


def test_the_index_is_one_file_that_stands_alone(first_run: Run) -> None:
    assert query(first_run.root, "pragma journal_mode") == [("delete",)]
    names = {path.name for path in (first_run.root / "db").iterdir()}
    assert names == {".lock", "build.duckdb", "documents.sqlite"}


def test_nothing_unpublished_is_left(first_run: Run) -> None:
    assert not [path for path in snapshot(first_run.root) if "unpublished" in path]


def test_a_file_in_place_of_the_unpublished_is_cleared_away(
    root: Path, first_run: Run
) -> None:
    write(root, "docs/.unpublished", "in the way")
    good(materialize(root))
    assert contents(root / "docs") == contents(first_run.root / "docs")


def test_every_column_is_described(first_run: Run) -> None:
    columns = query(
        first_run.root,
        "select tables.name, columns.name from sqlite_master as tables, "
        "pragma_table_info(tables.name) as columns where tables.type = 'table' "
        "order by 1, 2",
    )
    described = query(
        first_run.root,
        "select table_name, column_name from column_descriptions "
        "where description != '' order by 1, 2",
    )
    assert described == columns


@pytest.mark.parametrize(
    "lookup",
    [
        "logical_key_id = 'x' order by created_at",
        "stage = 'draft' and task_id = 'x' order by created_at",
        "parent_doc_id = 'x'",
        "content_hash = 'x'",
        "doc_id = 'x'",
        "run_id = 'x' and row_key = 'x'",
    ],
)
def test_lookups_use_an_index_and_no_sorting(first_run: Run, lookup: str) -> None:
    sql = f"explain query plan select * from documents where {lookup}"
    ((*_, step),) = query(first_run.root, sql)
    assert step.startswith("SEARCH documents USING INDEX")


# Runs that are repeated --------------------------------------------------------------


def test_second_run_writes_nothing_and_says_so(ran: Path) -> None:
    before = snapshot(ran)
    process = good(materialize(ran))
    assert snapshot(ran) == before
    assert "nothing was written" in process.stdout


def test_dry_run_after_a_run_writes_nothing(ran: Path) -> None:
    code, summary = run_as_planned(ran)
    assert code == 0
    assert summary["documents"] == {"placed": 0, "found": 0, "skipped": 32}


def test_dry_run_promises_the_first_run(root: Path) -> None:
    code, summary = run_as_planned(root)
    assert code == 0
    assert summary["documents"] == {"placed": 32, "found": 0, "skipped": 0}
    assert summary["placed_by_stage"] == {"draft": 13, "essay": 7, "evaluation": 12}


def test_two_clean_slates_are_identical(root: Path, first_run: Run) -> None:
    good(materialize(root))
    assert dump(root) == dump(first_run.root)
    assert results(root) == results(first_run.root)


def test_worker_processes_change_nothing(large: Path, large_run: Run) -> None:
    good(materialize(large, "--workers", "2"))
    assert dump(large) == dump(large_run.root)
    assert results(large) == results(large_run.root)


@pytest.mark.slow
def test_dry_run_in_worker_processes_promises_the_run(large: Path) -> None:
    code, summary = run_as_planned(large, "--workers", "2")
    assert code == 0
    assert summary["documents"]["placed"] > 1400


def test_a_lost_index_is_made_anew_of_what_is_on_disk(
    ran: Path, first_run: Run
) -> None:
    index(ran).unlink()
    before = snapshot(ran / "docs")
    code, summary = run_as_planned(ran)
    assert code == 0
    assert summary["documents"] == {"placed": 0, "found": 32, "skipped": 0}
    assert summary["changed_files"] == ["db/documents.sqlite"]
    assert snapshot(ran / "docs") == before
    assert dump(ran) == dump(first_run.root)


def test_a_lost_index_is_not_made_anew_without_what_only_it_knew(ran: Path) -> None:
    new = NewDocument(
        stage="draft", task_id="d", template_id="t", model_id="m", combo_id="c",
        timestamp="2025-06-01", attempt_id="1", raw="text",
    )  # fmt: skip
    added = Writer(ran, run_id="autumn").add(new)
    index(ran).unlink()
    before = snapshot(ran / "docs")
    for arguments in ([], ["--dry-run"]):
        process = materialize(ran, *arguments)
        assert process.returncode == 2
        assert f"such as docs/{added.doc_dir}" in process.stderr
    with pytest.raises(IndexFileError, match="a new one would lack documents"):
        Writer(ran, run_id="autumn").add(new)
    assert snapshot(ran / "docs") == before
    assert not index(ran).exists()
    rebuilt = f"docs-index reindex --output {index(ran)}"
    assert rebuilt in process.stderr
    good(script(ran, "reindex_docs.py", "--output", str(index(ran))))
    good(materialize(ran))
    assert len(documents(ran)) == 33


def test_an_empty_index_file_counts_as_none(root: Path, first_run: Run) -> None:
    index(root).touch()
    good(materialize(root))
    assert dump(root) == dump(first_run.root)


def test_two_runs_at_once_do_not_harm_each_other(root: Path, first_run: Run) -> None:
    with started(root, str(SCRIPT)) as one_run, started(root, str(SCRIPT)) as other:
        one_run.communicate(timeout=60)
        other.communicate(timeout=60)
    codes = sorted([one_run.returncode, other.returncode])
    assert codes in ([0, 0], [0, 75])
    assert results(root) == results(first_run.root)


# What is shown -----------------------------------------------------------------------


def test_json_is_stable_in_its_keys(ran: Path) -> None:
    process = good(materialize(ran, "--json"))
    assert list(json.loads(process.stdout)) == [
        "data_root",
        "run_id",
        "dry_run",
        "layout",
        "index_format",
        "documents",
        "placed_by_stage",
        "bad_rows_by_reason",
        "counters",
        "missing_tables",
        "rejected_tables",
        "missing_folders",
        "unmatched_patterns",
        "bad_rows_added",
        "bad_list_is_altered",
        "damaged",
        "changed_files",
        "examples",
        "notices",
        "notice_examples",
        "history_outcomes",
        "history_fields",
    ]
    assert process.stderr == ""


def test_messages_go_to_stderr_and_data_to_stdout(tmp_path: Path) -> None:
    process = materialize(tmp_path, "--json")
    assert process.stdout == ""
    assert process.stderr.startswith("error: ")


@pytest.mark.parametrize(("options", "is_shown"), [([], True), (["--quiet"], False)])
def test_a_terminal_shows_progress_unless_quiet(
    root: Path, options: list[str], is_shown: bool
) -> None:
    screen, terminal = pty.openpty()
    command = [sys.executable, str(SCRIPT), *options, "--data-root", str(root)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=terminal, text=True, check=True
    )
    os.close(terminal)
    assert ("documents" in _read_screen(screen)) == is_shown
    assert done.stdout.startswith("data root ")


def _read_screen(screen: int) -> str:
    shown = b""
    try:
        while piece := os.read(screen, 4096):
            shown += piece
    except OSError:  # the terminal has no process any more
        pass
    os.close(screen)
    return shown.decode()


def test_bad_rows_are_3_with_strict(ran: Path) -> None:
    assert materialize(ran, "--strict").returncode == 3


def test_without_bad_rows_strict_is_0(ran: Path) -> None:
    with duckdb.connect(str(ran / "db" / "build.duckdb")) as connection:
        connection.execute("delete from main.bad_generations")
    assert materialize(ran, "--strict").returncode == 0


def test_conflicts_are_1_with_strict_too(root: Path, first_run: Run) -> None:
    _edit(response(root, one(first_run.root, f"task_id = '{DRAFT}'")))
    process = materialize(root, "--strict")
    assert process.returncode == 1
    assert "; see the table backfill_conflicts of the index" in process.stdout


def test_link_makes_one_file_of_equal_texts(root: Path, first_run: Run) -> None:
    good(materialize(root, "--link"))
    for document in documents(root, "status = 'ok'"):
        folder = root / "docs" / document["doc_dir"]
        raw, parsed = folder / "raw.txt", folder / "parsed.txt"
        is_equal = raw.read_bytes() == parsed.read_bytes()
        assert raw.samefile(parsed) == is_equal
    assert results(root) == results(first_run.root)


def test_help_names_every_option(tmp_path: Path) -> None:
    process = good(materialize(tmp_path, "--help"))
    options = set(re.findall(r"--[a-z-]+", process.stdout))
    assert options >= {
        "--data-root",
        "--run-id",
        "--dry-run",
        "--json",
        "--workers",
        "--link",
        "--quiet",
        "--strict",
    }


def test_data_root_wins_over_the_environment(ran: Path, tmp_path: Path) -> None:
    process = good(materialize(tmp_path, "--data-root", str(ran)))
    assert process.stdout.startswith(f"data root {ran}, ")


# What is refused ---------------------------------------------------------------------


def refused(
    root: Path, *args: str, code: int = 2, **environment: str | None
) -> Process:
    """Run; nothing may be written, and one message must say why."""
    before = snapshot(root)
    process = materialize(root, *args, **environment)
    assert process.returncode == code
    assert snapshot(root) == before
    assert process.stdout == ""
    assert "Traceback" not in process.stderr
    assert process.stderr.startswith(("error: ", "Usage: "))
    return process


@pytest.mark.parametrize("option", [["--nonsense"], ["--workers", "0"], ["surplus"]])
def test_wrong_usage_is_2(ran: Path, option: list[str]) -> None:
    assert "Usage:" in refused(ran, *option).stderr


def test_a_missing_data_root_is_refused(tmp_path: Path) -> None:
    process = refused(tmp_path / "nowhere")
    assert "nowhere' is not a folder: set DATA_ROOT" in process.stderr


def test_what_fails_as_a_whole_is_said_first_and_once(
    models: Models, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    drafts = [draft_row(f"d{n}", "2025-01-01", "") for n in range(3)]
    for row in drafts:
        del row["text"]
    links = [
        {name.replace("draft", "link"): value for name, value in row.items()}
        | {"generation_status": "ok", "response_file": "f"}
        for row in drafts
    ]
    write_table(root, "7_cross_experiment/draft_generation_results.csv", drafts)
    write_table(root, "7_cross_experiment/link_generation_results.csv", links)
    (root / "3_generation").mkdir()
    models.write_build(root)
    process = good(materialize(root, "--dry-run"))
    assert process.stdout.splitlines()[1:5] == [
        "! draft: all 3 rows rejected: missing_response_file, e.g. "
        "3_generation/draft_responses/d0.txt: there is no such file",
        '! link: all 3 rows rejected: not_successful, e.g. the status is "ok"',
        "! 3_generation/draft_responses is missing: 3 rows name files in it",
        "! there is no 7_cross_experiment/essay_generation_results.csv: it counts "
        "as empty",
    ]
    (root / "3_generation").rmdir()
    said = good(materialize(root, "--dry-run")).stdout
    assert "! 3_generation is missing: 3 rows name files in it\n" in said
    assert said.count("is missing: ") == 1


def _unbuild(root: Path) -> None:
    (root / "db" / "build.duckdb").unlink()


def _build_nothing_yet(root: Path) -> None:
    shutil.rmtree(root / "db")


def _record(assignment: str, root: Path) -> None:
    with duckdb.connect(str(root / "db" / "build.duckdb")) as connection:
        connection.execute(f"update main.build_record set {assignment}")


def _forget_record(root: Path) -> None:
    with duckdb.connect(str(root / "db" / "build.duckdb")) as connection:
        connection.execute("drop table main.build_record")


def _write(path: str, text: str, root: Path) -> None:
    write(root, path, text)


def _set_index(statement: str, root: Path) -> None:
    with closing(sqlite3.connect(index(root))) as connection:
        connection.execute(statement)


def _spoil_schema(root: Path) -> None:
    spoil_schema(index(root))


def _cut_index_off(root: Path) -> None:
    os.truncate(index(root), index(root).stat().st_size // 8192 * 4096)


def _spoil_pages(root: Path) -> None:
    content = bytearray(index(root).read_bytes())
    for start in range(0, len(content), 4096):
        if b'"row_key":' in content[start : start + 4096]:  # rows of documents
            content[start : start + 8] = b"\xff" * 8
    index(root).write_bytes(content)


def _replace_by_file(path: str, root: Path) -> None:
    shutil.rmtree(root / path)
    (root / path).write_text("in the way")


def _replace_by_link(path: str, *target_and_root: Any) -> None:
    *target, root = target_and_root
    moved = root.parent / "outside"
    if os.path.lexists(root / path):
        (root / path).rename(moved)
    (root / path).symlink_to(target[0] if target else moved)


def _replace_by_hard_link(path: str, other: str, root: Path) -> None:
    (root / path).unlink()
    (root / path).hardlink_to(root / other)


def _replace_by_pipe(path: str, root: Path) -> None:
    (root / path).unlink()
    os.mkfifo(root / path)


def _replace_by_folder(path: str, root: Path) -> None:
    (root / path).unlink()
    (root / path).mkdir()


DRAFTS = "7_cross_experiment/draft_generation_results.csv"
GARBAGE = "no database\n" * 1000
REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "no build": (_unbuild, "there is no dbt build"),
    "no db folder": (_build_nothing_yet, "there is no dbt build"),
    "unfinished build": (
        partial(_record, "status = 'unfinished'"),
        "the last dbt command here was not a complete, successful `dbt build`",
    ),
    "other data root": (partial(_record, "data_root = '/else'"), "data root /else"),
    "other run_id": (partial(_record, "run_id = 'a'"), "for run_id 'a', not for 'ba"),
    "no record": (_forget_record, "holds no dbt build: run `dbt build` first"),
    "garbage build": (
        partial(_write, "db/build.duckdb", GARBAGE),
        "cannot be opened: delete it and run `dbt build`",
    ),
    "garbage index": (
        partial(_write, "db/documents.sqlite", GARBAGE),
        "documents.sqlite: file is not a database; move it away",
    ),
    "schema that is not text": (_spoil_schema, "documents.sqlite is damaged; move it"),
    "table gone": (
        partial(_set_index, "drop table link_candidates"),
        "table link_candidates is missing\nnothing was written: undo that, or rebuild",
    ),
    "truncated index": (_cut_index_off, "malformed; move it away, then rebuild it"),
    "spoiled pages": (_spoil_pages, "malformed; docs-index verify says"),
    "index is a folder": (
        partial(_replace_by_folder, "db/documents.sqlite"),
        "move it away",
    ),
    "index of another program": (
        partial(_set_index, "pragma application_id = 7"),
        "documents.sqlite was made by another program; move it away",
    ),
    "newer index": (
        partial(_set_index, "pragma user_version = 9"),
        "has schema version 9, this program knows 6: use the program that made it",
    ),
    "index with row_keys of an older form": (
        partial(_set_index, "pragma user_version = 3"),
        "bad_generations.csv away, then run `docs-index run`",
    ),
    "bad list with another header": (
        partial(_write, "7_cross_experiment/bad_generations.csv", "a,b\n1,2\n"),
        "bad_generations.csv has columns a, b; rows are appended to it",
    ),
    "bad list with broken quotes": (
        partial(_write, "7_cross_experiment/bad_generations.csv", 'a,b\n1,"2\n'),
        "line 2: a quote is opened and never closed",
    ),
    "docs is a file": (partial(_replace_by_file, "docs"), "must be a folder"),
    "docs leads out": (partial(_replace_by_link, "docs"), "leads out of the data root"),
    "a stage leads out": (
        partial(_replace_by_link, "docs/essay"),
        "leads out of the data root",
    ),
    "a stage is a link": (
        partial(_replace_by_link, "docs/essay", "draft"),
        "is a link, and not followed: put the folder itself there",
    ),
    "docs leads in a circle": (
        partial(_replace_by_link, "docs", "docs"),
        "docs are too many, or lead in a circle",
    ),
    "docs leads nowhere": (partial(_replace_by_link, "docs", "no"), "must be a folder"),
    "a report leads out": (
        partial(_replace_by_link, "7_reporting/documents_latest_report.csv"),
        "leads out of the data root",
    ),
    "the bad list leads out": (
        partial(_replace_by_link, "7_cross_experiment/bad_generations.csv"),
        "leads out of the data root",
    ),
    "the bad list is a pipe": (
        partial(_replace_by_pipe, "7_cross_experiment/bad_generations.csv"),
        "is not a regular file",
    ),
    "unpublished is a link": (
        partial(_replace_by_link, "docs/.unpublished", "draft"),
        "is a link, and would be written through",
    ),
    "the build is a link": (
        partial(_replace_by_link, "db/build.duckdb", "moved"),
        "is a link, and would be written through",
    ),
    "the log of the build is a link": (
        partial(_replace_by_link, "db/build.duckdb.wal", "../3_generation/x"),
        "is a link, and would be written through",
    ),
    "the log of the index is a link": (
        partial(_replace_by_link, "db/documents.sqlite-journal", "../3_generation/x"),
        "is a link, and would be written through",
    ),
    "the lock is a link": (
        partial(_replace_by_link, "db/.lock", f"../{DRAFTS}"),
        "is a link, and would be written through",
    ),
    "the lock is another file": (
        partial(_replace_by_hard_link, "db/.lock", DRAFTS),
        "is not a lock of this program: move it away",
    ),
    "the lock is a pipe": (
        partial(_replace_by_pipe, "db/.lock"),
        "is not a lock of this program: move it away",
    ),
    "the lock is a folder": (
        partial(_replace_by_folder, "db/.lock"),
        "is not a lock of this program: move it away",
    ),
    "reports lead out": (
        partial(_replace_by_link, "7_reporting"),
        "leads out of the data root",
    ),
}


@pytest.mark.parametrize("case", sampled(REFUSED, 3))
def test_refused_with_one_clear_message(ran: Path, case: str) -> None:
    spoil, message = REFUSED[case]
    spoil(ran)
    assert message in refused(ran).stderr


def test_a_broken_build_is_no_locked_one(first_run: Run, tmp_path: Path) -> None:
    root = copied(first_run.root, tmp_path / "lock")
    write(root, "db/build.duckdb", GARBAGE)
    assert "delete it and run" in refused(root).stderr


def test_run_id_of_the_environment_must_be_the_builds(ran: Path) -> None:
    process = refused(ran, RUN_ID="other")
    assert "run_id 'backfill', not for 'other': pass --run-id" in process.stderr


def test_run_id_option_wins_over_the_environment(ran: Path) -> None:
    assert materialize(ran, "--run-id", "backfill", RUN_ID="other").returncode == 0
    assert "not for 'other'" in refused(ran, "--run-id", "other").stderr


def test_a_second_run_is_75_and_names_the_first(ran: Path) -> None:
    with holding(ran, ran / "db" / ".lock", LOCK) as holder:
        process = refused(ran, code=75)
    assert f"(process {holder}) is working on {ran}" in process.stderr


def test_a_build_open_elsewhere_is_75(ran: Path) -> None:
    code = "import duckdb; connection = duckdb.connect(path)"
    with holding(ran, ran / "db" / "build.duckdb", code):
        process = refused(ran, code=75)
    assert "build.duckdb is open in another program" in process.stderr


@pytest.mark.slow
def test_an_index_locked_elsewhere_is_75(ran: Path) -> None:
    code = (
        "import sqlite3; connection = sqlite3.connect(path)\n"
        "connection.execute('begin exclusive')"
    )
    with holding(ran, index(ran), code):
        process = refused(ran, code=75)
    assert "documents.sqlite is in use by another program" in process.stderr


# Conflicts ---------------------------------------------------------------------------


def _edit(path: Path) -> None:
    path.write_bytes(path.read_bytes().swapcase())


def _lead_out(path: Path) -> None:
    outside = path.parents[3] / "outside.txt"
    path.rename(outside)
    path.symlink_to(outside)


def _make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _lead_to_another(path: Path) -> None:
    path.unlink()
    path.symlink_to(max(path.parent.iterdir()))


CHANGES: dict[str, Callable[[Path], None]] = {
    "edited": _edit,
    "deleted": Path.unlink,
    "replaced by a pipe": _make_pipe,
    "replaced by a folder": _make_folder,
    "replaced by a link to another response": _lead_to_another,
    "replaced by a link to the outside": _lead_out,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_response_changed_since_the_build_is_reported_and_not_ingested(
    root: Path, first_run: Run, change: str
) -> None:
    concerned = documents(first_run.root, LINEAGE)
    path = response(root, one(first_run.root, f"task_id = '{DRAFT}'"))
    CHANGES[change](path)
    code, summary = run_as_planned(root)
    assert code == 1
    assert summary["documents"]["response_changed"] == len(concerned) == 4
    assert conflicts(root) == [
        ("response_changed", key) for key in sorted(ids(concerned))
    ]
    assert ids(documents(root)) == ids(documents(first_run.root)) - ids(concerned)


def test_a_restored_response_is_ingested(root: Path, first_run: Run) -> None:
    path = response(root, one(first_run.root, f"task_id = '{DRAFT}'"))
    path.rename(root / "away")
    assert materialize(root).returncode == 1
    (root / "away").rename(path)
    good(materialize(root))
    assert results(root) == results(first_run.root)


def test_a_changed_prompt_is_reported_too(root: Path, first_run: Run) -> None:
    document = one(first_run.root, f"task_id = '{PROMPTED}'")
    name = response(root, document).name
    _edit(root / "3_generation" / "links_prompts" / name)
    assert run_as_planned(root)[0] == 1
    assert conflicts(root) == [("response_changed", document["doc_id"])]


def test_a_changed_response_of_an_ingested_document_is_no_conflict(
    ran: Path, first_run: Run
) -> None:
    _edit(response(ran, one(first_run.root, f"task_id = '{DRAFT}'")))
    assert run_as_planned(ran)[0] == 0
    assert results(ran) == results(first_run.root)


def _other_raw(final: Path) -> None:
    final.mkdir(parents=True)
    (final / "raw.txt").write_text("another text")


def _empty(final: Path) -> None:
    final.mkdir(parents=True)


def _file(final: Path) -> None:
    final.parent.mkdir(parents=True)
    final.write_text("in the way")


def _link(final: Path) -> None:
    final.parent.mkdir(parents=True)
    final.symlink_to("/tmp")


def _file_above(final: Path) -> None:
    final.parent.parent.mkdir(parents=True)
    final.parent.write_text("in the way")


def _link_above(final: Path) -> None:
    final.parent.parent.mkdir(parents=True)
    outside = final.parents[4] / "outside"
    outside.mkdir()
    final.parent.symlink_to(outside)


def _raw_is_a_link(final: Path) -> None:
    final.mkdir(parents=True)
    (final / "raw.txt").symlink_to("/etc/hostname")


OBSTACLES = (
    _other_raw,
    _empty,
    _file,
    _link,
    _file_above,
    _link_above,
    _raw_is_a_link,
)


@pytest.mark.parametrize("obstacle", sampled(OBSTACLES, 3))
def test_what_is_in_the_way_is_left_untouched_and_reported(
    root: Path, first_run: Run, obstacle: Callable[[Path], None]
) -> None:
    concerned = documents(first_run.root, LINEAGE)
    final = root / "docs" / one(first_run.root, f"task_id = '{DRAFT}'")["doc_dir"]
    obstacle(final)
    before = snapshot(final.parents[3])
    code, summary = run_as_planned(root)
    after = snapshot(final.parents[3])
    assert code == 1
    assert summary["documents"]["directory_conflict"] == len(concerned) == 4
    assert conflicts(root) == [
        ("directory_conflict", key) for key in sorted(ids(concerned))
    ]
    assert ids(documents(root)) == ids(documents(first_run.root)) - ids(concerned)
    key = f"root/docs/draft/{final.parent.name}"
    in_the_way = {path for path in before if path.startswith((key, "outside"))}
    assert {path: after[path] for path in in_the_way} == {
        path: before[path] for path in in_the_way
    }
    assert in_the_way == {path for path in after if path.startswith((key, "outside"))}


@pytest.mark.slow
@pytest.mark.parametrize("obstacle", [_other_raw, _link_above])
def test_once_the_obstacle_is_removed_a_run_completes(
    root: Path, first_run: Run, obstacle: Callable[[Path], None]
) -> None:
    final = root / "docs" / one(first_run.root, f"task_id = '{DRAFT}'")["doc_dir"]
    obstacle(final)
    assert materialize(root).returncode == 1
    key = final.parent
    key.unlink() if key.is_symlink() or key.is_file() else shutil.rmtree(key)
    code, summary = run_as_planned(root)
    assert code == 0
    assert summary["documents"] == {"placed": 4, "found": 0, "skipped": 28}
    assert results(root) == results(first_run.root)


# A history that grows ----------------------------------------------------------------


@dataclass(frozen=True)
class Growth:
    """A root before and after its history grew: a build and a run later."""

    root: Path
    documents_before: list[Document]
    docs_before: dict[str, Any]
    bad_list_before: bytes
    code: int
    summary: Summary


# The essay that a late draft takes to itself, and the two evaluations on it.
ESSAY = "combo_v1_7c1e04_noticing-v1_aurora-7b_letter-home-v2"
HANGING = f"task_id like '{ESSAY}%' and created_at > '2025-03-11'"
LATE = "late_draft"
LATE_EVALUATION = "late_evaluation"
REPAIRED = "combo_v1_50d7af_plain-notes-v1_aurora-7b"
EDITED = "combo_v1_7c1e04_sketch-v1_basalt-2_one-page-v1_curiosity-score-v3_plumbline-1"


@pytest.fixture(scope="module")
def grown(
    built_sample: Path,
    first_run: Run,
    models: Models,
    tmp_path_factory: pytest.TempPathFactory,
) -> Growth:
    """After a first run: one file edited, one repaired, a late draft, an evaluation.

    The draft is later than the essay's parent, but not than the essay.
    """
    root = copied(built_sample, tmp_path_factory.mktemp("grown"))
    _edit(response(root, one(first_run.root, f"task_id = '{EDITED}'")))
    assert materialize(root).returncode == 1
    before = documents(root), snapshot(root / "docs"), bad_list(root).read_bytes()
    (row,) = query(
        root, "select response_file from bad_generations where task_id = ?", REPAIRED
    )
    write(root, f"3_generation/{row[0]}", "found again\n")
    append(
        root,
        "7_cross_experiment/draft_generation_results.csv",
        f"{LATE},combo_v1_7c1e04,,sketch-v1,aurora-7b,success,2025-03-11T09:00:00Z,late",
    )
    append(
        root,
        "7_cross_experiment/evaluation_results.csv",
        f"{LATE_EVALUATION},{ESSAY},,,remarks-v1,judge,success,2025-03-13,late,",
    )
    write(root, "3_generation/late", "late\n")
    models.write_build(root)
    return Growth(root, *before, *run_as_planned(root))


def test_a_changed_lineage_is_reported_with_all_that_hangs_on_it(
    grown: Growth, first_run: Run
) -> None:
    expected = {row["row_key"] for row in documents(first_run.root, HANGING)}
    expected.add(f"evaluation:{LATE_EVALUATION}:2025-03-13T00:00:00.000000Z:1")
    found = query(grown.root, "select kind, row_key from backfill_conflicts")
    assert grown.code == 1
    assert len(expected) == 4
    assert set(found) == {("lineage_changed", row_key) for row_key in expected}


def test_a_late_draft_is_ingested_itself(grown: Growth) -> None:
    assert one(grown.root, f"task_id = '{LATE}'")["parent_doc_id"] is None


def test_a_new_row_is_not_ingested_on_a_changed_lineage(grown: Growth) -> None:
    assert documents(grown.root, f"task_id = '{LATE_EVALUATION}'") == []


def test_documents_stay_whatever_a_later_build_says(grown: Growth) -> None:
    after = {document["doc_id"]: document for document in documents(grown.root)}
    for document in grown.documents_before:
        assert after[document["doc_id"]] == document


def test_directories_stay_whatever_a_later_build_says(grown: Growth) -> None:
    after = snapshot(grown.root / "docs")
    for path, entry in grown.docs_before.items():
        if entry.kind == "file":
            assert after[path] == entry


def test_a_changed_response_is_ingested_after_the_next_build(
    grown: Growth, first_run: Run
) -> None:
    condition = f"task_id = '{EDITED}'"
    new, old = one(grown.root, condition), one(first_run.root, condition)
    assert new["content_hash"] != old["content_hash"]
    assert new["doc_id"] == old["doc_id"]


def test_a_repaired_row_leaves_the_current_list(grown: Growth) -> None:
    rows = query(grown.root, "select reason from bad_generations order by reason")
    reasons = {reason for (reason,) in rows}
    assert len(rows) == 5
    assert not reasons & {"missing_response_file", "unresolved_parent"}


def test_a_repaired_row_is_ingested_with_all_that_waited_for_it(grown: Growth) -> None:
    found = documents(grown.root, f"task_id like '{REPAIRED}%'")
    assert [row["stage"] for row in found] == ["draft", "essay", "evaluation"]


def test_a_repaired_row_stays_in_the_append_only_list(grown: Growth) -> None:
    assert bad_list(grown.root).read_bytes() == grown.bad_list_before


def test_a_run_with_old_conflicts_alone_writes_nothing(grown: Growth) -> None:
    before = snapshot(grown.root)
    assert materialize(grown.root).returncode == 1
    assert snapshot(grown.root) == before


@pytest.fixture(scope="module")
def renewed(
    grown: Growth, models: Models, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """The grown root after a build and a run with a new run_id."""
    root = copied(grown.root, tmp_path_factory.mktemp("renewed"))
    models.write_build(root, run_id="second")
    code, _ = run_as_planned(root, RUN_ID="second")
    return Run(root, materialize(root, RUN_ID="second")) if code == 0 else pytest.fail()


def test_a_new_run_id_takes_a_changed_lineage_in(renewed: Run) -> None:
    late = one(renewed.root, f"task_id = '{LATE}' and run_id = 'second'")
    essay = one(
        renewed.root,
        f"task_id = '{ESSAY}' and run_id = 'second' and created_at > '2025-03-11'",
    )
    assert essay["parent_doc_id"] == late["doc_id"]
    hanging = f"parent_doc_id = '{essay['doc_id']}'"
    assert len(documents(renewed.root, hanging)) == 3


def test_a_new_run_id_leaves_no_conflict(renewed: Run) -> None:
    assert conflicts(renewed.root) == []
    assert len(documents(renewed.root, "run_id = 'second'")) == 37


def test_a_new_run_id_leaves_the_old_documents(renewed: Run, grown: Growth) -> None:
    old = documents(renewed.root, "run_id = 'backfill'")
    assert old == documents(grown.root)


def test_a_new_run_id_lists_its_bad_rows_once_more(renewed: Run, grown: Growth) -> None:
    listed = bad_list(renewed.root).read_bytes()
    assert listed.startswith(grown.bad_list_before)
    assert [row["run_id"] for row in read_csv(bad_list(renewed.root))[8:]] == [
        "second"
    ] * 5


# The append-only list ----------------------------------------------------------------


def _with_crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def _quoted(text: str) -> str:
    lines = text.splitlines()
    return "\n".join([lines[0], re.sub("^([a-z]+)", r'"\1"', lines[1]), *lines[2:]])


STYLES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "crlf": _with_crlf,
    "no last line break": str.rstrip,
    "crlf, no last line break": lambda text: _with_crlf(text).rstrip(),
    "other quotes": _quoted,
    "byte-order mark": lambda text: "\ufeff" + text,
}


@pytest.mark.parametrize("style", STYLES)
def test_bad_list_is_continued_as_it_is(ran: Path, first_run: Run, style: str) -> None:
    lines = bad_list(ran).read_text().splitlines(keepends=True)
    kept = STYLES[style]("".join(lines[:4]))
    bad_list(ran).write_bytes(kept.encode())
    good(materialize(ran))
    newline = "\r\n" if "crlf" in style else "\n"
    break_due = "" if kept.endswith("\n") else newline
    added = "".join(lines[4:]).replace("\n", newline)
    assert bad_list(ran).read_bytes() == (kept + break_due + added).encode()


def test_bad_list_does_not_repeat_rows(ran: Path) -> None:
    before = bad_list(ran).read_bytes()
    index(ran).unlink()
    good(materialize(ran))
    assert bad_list(ran).read_bytes() == before


def test_bad_list_keeps_rows_that_nobody_knows(ran: Path) -> None:
    line = "draft,99,,,gone,detail,,,,,,,of_another_day"
    append(ran, "7_cross_experiment/bad_generations.csv", line)
    before = bad_list(ran).read_bytes()
    good(materialize(ran))
    assert bad_list(ran).read_bytes() == before


# Never updated, never deleted --------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("update {} set status = status", "documents are never updated"),
        ("delete from {}", "documents are never deleted"),
    ],
)
def test_documents_are_never_changed(ran: Path, statement: str, message: str) -> None:
    before = dump(ran)
    with (
        closing(sqlite3.connect(index(ran))) as connection,
        pytest.raises(sqlite3.IntegrityError, match=message),
    ):
        connection.execute(statement.format("documents"))
    with duckdb.connect() as duck:
        load_extension(duck)
        duck.execute(f"attach '{index(ran)}' as stored (type sqlite)")
        with pytest.raises(duckdb.Error, match=message):
            duck.execute(statement.format("stored.documents"))
    assert dump(ran) == before


# Reports -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def damaged(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample after a run, with damage of every kind, and a run on top."""
    root = copied(first_run.root, tmp_path_factory.mktemp("damaged"))
    docs = root / "docs"
    _edit(docs / _damaged_dir(root, "edited") / "raw.txt")
    (docs / _damaged_dir(root, "without raw") / "raw.txt").unlink()
    (docs / _damaged_dir(root, "without parsed") / "parsed.txt").unlink()
    (docs / _damaged_dir(root, "without prompt") / "prompt.txt").unlink()
    shutil.rmtree(docs / _damaged_dir(root, "removed"))
    linked = docs / _damaged_dir(root, "link")
    linked.rename(root / "elsewhere")
    linked.symlink_to(root / "elsewhere")
    for stray in (*STRAY, "draft/stray_empty"):
        (docs / stray).mkdir(parents=True)
    (docs / "draft" / "stray_key" / "raw.txt").write_text("stray")
    process = materialize(root)
    assert process.returncode == 1, process.stderr
    assert "5 damaged documents; see 7_reporting/" in process.stdout
    return root


DAMAGED = {
    "edited": DRAFT,
    "without raw": "combo_v1_2be8d6_noticing-v1_aurora-7b",
    "without parsed": "combo_v1_50d7af_noticing-v1_aurora-7b",
    "without prompt": PROMPTED,
    "removed": "combo_v1_50d7af_sketch-v1_basalt-2",
    "link": "combo_v1_7c1e04_sketch-v1_basalt-2",
}
STRAY = ("stray_stage/stray/stray", "draft/stray_key", "essay/stray_key/stray_doc")
SOUND = {
    "dir_exists": "true",
    "missing_raw": "false",
    "missing_parsed": "false",
    "missing_prompt": "false",
    "content_matches": "true",
}
ABSENT = {"dir_exists": "false", "missing_raw": "true", "missing_parsed": "true"}
FINDINGS = {
    "edited": {"content_matches": "false"},
    "without raw": {"missing_raw": "true", "content_matches": "false"},
    "without parsed": {"missing_parsed": "true"},
    "without prompt": {"missing_prompt": "true"},
    "removed": ABSENT | {"content_matches": "false"},
    "link": ABSENT | {"content_matches": "false"},
}


def _damaged_dir(root: Path, damage: str) -> str:
    (doc_dir,) = documents(root, f"task_id = '{DAMAGED[damage]}'")[-1:]
    return str(doc_dir["doc_dir"])


def _findings(row: dict[str, str]) -> dict[str, str]:
    return {name: row[name] for name in SOUND}


@pytest.mark.parametrize("damage", DAMAGED)
def test_consistency_report_tells_damage(damaged: Path, damage: str) -> None:
    doc_dir = _damaged_dir(damaged, damage)
    (row,) = [
        row
        for row in report(damaged, "consistency")
        if row["doc_dir"] == doc_dir and row["doc_id"]
    ]
    assert row["task_id"] == DAMAGED[damage]
    assert _findings(row) == SOUND | FINDINGS[damage]


def test_consistency_report_finds_nothing_else(damaged: Path) -> None:
    hurt = {_damaged_dir(damaged, damage) for damage in DAMAGED}
    rows = [row for row in report(damaged, "consistency") if row["doc_id"]]
    assert {row["doc_dir"] for row in rows if _findings(row) != SOUND} == hurt


def test_consistency_report_has_every_document_once(damaged: Path) -> None:
    rows = [row for row in report(damaged, "consistency") if row["doc_id"]]
    names = ("doc_id", "stage", "task_id", "doc_dir")
    stored = query(
        damaged, f"select {', '.join(names)} from documents order by doc_dir"
    )
    assert [tuple(row[name] for name in names) for row in rows] == stored


def test_consistency_report_lists_directories_that_nobody_owns(damaged: Path) -> None:
    strays = [row for row in report(damaged, "consistency") if not row["doc_id"]]
    emptied = [
        Path(_damaged_dir(damaged, damage)).parent for damage in ("removed", "link")
    ]
    expected = {*STRAY, "draft/stray_empty", *map(str, emptied)}
    assert {row["doc_dir"] for row in strays} == expected
    assert {row["dir_exists"] for row in strays} == {"true"}


def test_damage_is_reported_and_never_repaired(damaged: Path, first_run: Run) -> None:
    assert dump(damaged) == dump(first_run.root)
    assert not (damaged / "docs" / _damaged_dir(damaged, "removed")).exists()


def test_consistency_report_of_a_sound_root_finds_nothing(first_run: Run) -> None:
    rows = report(first_run.root, "consistency")
    assert len(rows) == 32
    assert all(_findings(row) == SOUND for row in rows)


def test_a_keys_directory_is_no_stray_one_once_it_has_a_document(
    root: Path, first_run: Run
) -> None:
    key = Path(one(first_run.root, f"task_id = '{DRAFT}'")["doc_dir"]).parent
    (root / "docs" / key).mkdir(parents=True)
    good(materialize(root))
    assert results(root) == results(first_run.root)


def test_latest_report_has_the_latest_that_parsed_of_each_key(first_run: Run) -> None:
    latest = {}
    for document in sorted(
        documents(first_run.root, "status = 'ok'"),
        key=lambda row: (row["created_at"], row["meta_small"]["row_index"]),
    ):
        latest[document["stage"], document["logical_key_id"]] = document["doc_id"]
    rows = report(first_run.root, "latest")
    assert len(rows) == len(latest)
    assert latest == {
        (row["stage"], row["logical_key_id"]): row["doc_id"] for row in rows
    }


def test_latest_report_passes_over_parse_errors_and_settles_ties(odd_run: Run) -> None:
    found = documents(odd_run.root, "stage = 'draft'")
    by_task = {document["task_id"]: document for document in found}
    tied, latest = by_task["tied"], by_task["tied_later_in_file"]
    assert len({document["logical_key_id"] for document in found}) == 1
    assert tied["created_at"] == latest["created_at"]
    assert by_task["latest_without_tags"]["status"] == "parse_error"
    (row,) = [row for row in report(odd_run.root, "latest") if row["stage"] == "draft"]
    assert row["doc_id"] == latest["doc_id"]


# Interrupted -------------------------------------------------------------------------


def _has_begun(root: Path) -> bool:
    return any((root / "docs" / "draft").glob("*"))


def _lock_is_free(root: Path) -> bool:
    with (root / "db" / ".lock").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _wait_for(condition: Callable[[Path], bool], root: Path) -> None:
    end = time.monotonic() + 30
    while not condition(root):
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.fixture
def whole(large_run: Run) -> Callable[[Path], None]:
    """A check that a root has become what an uninterrupted run makes of it."""
    expected = results(large_run.root)

    def check(root: Path) -> None:
        assert results(root) == expected
        assert query(root, "pragma integrity_check") == [("ok",)]
        assert query(root, "pragma foreign_key_check") == []

    return check


@pytest.mark.parametrize(
    ("sent", "workers", "code"),
    sampled(
        [
            (signal.SIGINT, "2", 130),
            (signal.SIGINT, "1", 130),
            (signal.SIGTERM, "2", 130),
            (signal.SIGKILL, "2", -signal.SIGKILL),
        ],
        4,
    ),
)
def test_an_interrupted_run_is_completed_by_the_next(
    large: Path,
    whole: Callable[[Path], None],
    sent: signal.Signals,
    workers: str,
    code: int,
) -> None:
    command = [str(SCRIPT), "--workers", workers]
    with started(large, *command) as process:
        _wait_for(_has_begun, large)
        process.send_signal(sent)
        _, messages = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in messages
    assert len(documents(large)) < 1400
    _wait_for(_lock_is_free, large)
    good(materialize(large))
    whole(large)


@pytest.mark.parametrize("most_bytes", sampled([8_000, 200_000], 2))
def test_a_run_that_cannot_write_is_74_and_completed_by_the_next(
    large: Path, whole: Callable[[Path], None], most_bytes: int
) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    with started(large, str(SCRIPT), preexec_fn=limit) as process:
        _, messages = process.communicate(timeout=60)
    assert process.returncode == 74
    assert messages.startswith("error: ")
    assert "Traceback" not in messages
    good(materialize(large))
    whole(large)


@pytest.mark.slow
def test_a_run_whose_workers_die_is_74_and_completed_by_the_next(
    large: Path, whole: Callable[[Path], None]
) -> None:
    with started(large, str(SCRIPT), "--workers", "2") as process:
        _wait_for(_has_begun, large)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        for child in children.read_text().split():
            os.kill(int(child), signal.SIGKILL)
        _, messages = process.communicate(timeout=60)
    assert process.returncode == 74
    assert messages == "error: a worker process has died: run again\n"
    good(materialize(large))
    whole(large)


@pytest.mark.slow
def test_an_index_lost_in_the_middle_of_a_run_is_made_anew(
    large: Path, whole: Callable[[Path], None]
) -> None:
    with started(large, str(SCRIPT)) as process:
        _wait_for(_has_rows, large)
        process.kill()
        process.communicate(timeout=60)
    index(large).unlink()
    _wait_for(_lock_is_free, large)
    good(materialize(large))
    whole(large)


def _has_rows(root: Path) -> bool:
    log = index(root).with_name("documents.sqlite-wal")
    return log.is_file() and log.stat().st_size > 0
