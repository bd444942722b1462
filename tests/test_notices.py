"""What changed in the tables after a document was made is told; the document stays.

Each root is small, and is built by the models without dbt's start; the script is real.
"""

import json
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

import markupsafe
import pytest
from building import (
    REPOSITORY,
    Process,
    copied,
    documents,
    draft_row,
    dump,
    evaluation_row,
    good,
    index,
    materialize,
    query,
    read_csv,
    results,
    run,
    snapshot,
    write,
    write_table,
)
from dying import KILLED
from forking import DYING
from harness import Models
from sampling import SOAK, sampled

from docs_index.apps.web.report import write_report
from docs_index.audit.verify import Options, verify
from docs_index.errors import IndexFileError, StorageError
from docs_index.index.counts import stats
from docs_index.index.new_row import NewDocument
from docs_index.index.reader import open_documents
from docs_index.index.why import explained
from docs_index.index.writer import Writer
from docs_index.ingest import materialize as running
from docs_index.layout import open_layout
from docs_index.resources import sql
from docs_index.warehouse import session

DRAFTS = "7_cross_experiment/draft_generation_results.csv"
EVALUATIONS = "7_cross_experiment/evaluation_results.csv"
ADDED = NewDocument(
    stage="draft",
    task_id="a",
    template_id="t",
    model_id="m",
    combo_id="c",
    attempt_id="attempt",
    timestamp="2025-01-01",
    raw="a",
)
Row = dict[str, str]


def draft(task_id: str, text: str = "", **changes: str) -> Row:
    """Return a draft whose file holds `text`, by default its task id."""
    return draft_row(task_id, "2025-01-01T00:00:00Z", text or task_id) | changes


def written(root: Path, rows: Sequence[Row]) -> None:
    """Write the table of drafts, and the files that it names."""
    for row in rows:
        if row["response_file"]:
            write(root, f"3_generation/{row['response_file']}", row["text"])
    columns = [name for name in rows[0] if name != "text"]
    write_table(root, DRAFTS, [{name: row[name] for name in columns} for row in rows])


def taken(models: Models, root: Path, rows: Sequence[Row], *options: str) -> Process:
    """Write the table, build it and run; return the run."""
    written(root, rows)
    models.write_build(root)
    return materialize(root, "--workers", "1", *options)


def notices(root: Path) -> list[tuple[str, str]]:
    """Return the kind of each notice, with the task of its document."""
    return query(
        root,
        "select kind, task_id from backfill_notices inner join documents "
        "using (doc_id) order by kind, task_id",
    )


def details(root: Path, kind: str) -> list[str]:
    found = query(
        root, "select detail from backfill_notices where kind = ? order by 1", kind
    )
    return [detail for (detail,) in found]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


# Rows ---------------------------------------------------------------------------------


def test_without_changes_nothing_is_said(models: Models, root: Path) -> None:
    process = good(taken(models, root, [draft("a"), draft("b")]))
    assert "changed in the tables" not in process.stdout
    assert "backfill_notices" not in process.stdout
    again = good(materialize(root, "--strict"))
    assert "nothing new: nothing was written\n" in again.stdout
    assert query(root, "select * from backfill_notices") == []


def test_a_corrected_row_is_told(models: Models, root: Path) -> None:
    good(taken(models, root, [draft("a"), draft("b"), draft("c")]))
    before = documents(root)
    rows = [
        draft("a", "right", response_file="right.txt"),
        draft("b", generation_status="failed"),
        draft("c", "another text"),
    ]
    process = good(taken(models, root, rows))
    assert documents(root) == before
    assert notices(root) == [
        ("row_changed", "a"),
        ("row_changed", "c"),
        ("row_now_bad", "b"),
    ]
    assert details(root, "row_changed") == [
        "row 1 names right.txt; the document was made from draft_responses/a.txt",
        "the content of draft_responses/c.txt has changed since the document was made",
    ]
    assert details(root, "row_now_bad") == [
        'not_successful: row 2: the status is "failed"'
    ]
    said = process.stdout.partition("changed since in tables or histories\n")[2]
    assert said.startswith("row_changed\t2\n")
    assert "  row_now_bad: draft:b:" in said
    assert "The table backfill_notices of the index lists all notices.\n" in said


def test_a_replaced_attempt_of_the_same_task_and_moment_is_told(
    models: Models, root: Path
) -> None:
    first, second, third = (
        draft("a", name, response_file=f"{name}.txt") for name in ("one", "two", "six")
    )
    good(taken(models, root, [first, second]))
    good(taken(models, root, [second, third]))
    assert notices(root) == [("row_changed", "a"), ("row_changed", "a")]
    assert details(root, "row_changed") == [
        "row 1 names two.txt; the document was made from one.txt",
        "row 2 names six.txt; the document was made from two.txt",
    ]


def test_rows_that_are_rejected_or_gone_are_told(models: Models, root: Path) -> None:
    good(taken(models, root, [draft(name) for name in "abcdefg"]))
    rows = [
        draft("x"),  # what follows is one row further down, but for what is blank
        draft("b", draft_task_id=""),
        draft("c", generation_timestamp="someday"),
        draft("d", draft_template_id=""),
        draft("a", generation_status="failed"),
        draft("f", response_file="no.txt"),
    ]
    written(root, rows)
    (root / "3_generation/no.txt").unlink()
    models.write_build(root)
    good(materialize(root))
    assert notices(root) == [
        ("row_changed", "f"),
        ("row_now_bad", "a"),
        ("row_now_bad", "b"),
        ("row_now_bad", "c"),
        ("row_now_bad", "d"),
        ("row_now_bad", "f"),
        ("row_vanished", "e"),
        ("row_vanished", "g"),
    ]
    reasons = [detail.partition(":")[0] for detail in details(root, "row_now_bad")]
    assert reasons == [
        "invalid_timestamp",
        "missing_key_columns",
        "missing_response_file",
        "missing_task_id",
        "not_successful",
    ]


@pytest.mark.slow
def test_an_ignored_row_and_what_waits_for_a_file_are_told(
    models: Models, root: Path
) -> None:
    write(root, "3_generation/e.txt", "SCORE: 1")
    write_table(root, EVALUATIONS, [evaluation_row("e", "a")])
    good(taken(models, root, [draft("a"), draft("b")]))
    (root / "3_generation/draft_responses/a.txt").unlink()
    repair = {"source_csv": "draft", "row_key": row_key(root, "b"), "row_index": ""}
    repair |= {"task_id": "", "action": "ignore", "value": "", "reason": "", "by": ""}
    write_table(root, "7_cross_experiment/generation_repairs.csv", [repair])
    models.write_build(root)
    good(materialize(root))
    assert notices(root) == [
        ("row_now_bad", "a"),
        ("row_now_bad", "b"),
        ("row_now_bad", "e"),
    ]
    reasons = [detail.partition(":")[0] for detail in details(root, "row_now_bad")]
    assert reasons == ["ignored", "missing_response_file", "unresolved_target"]


def row_key(root: Path, task_id: str) -> str:
    [(found,)] = query(root, "select row_key from documents where task_id = ?", task_id)
    return str(found)


@pytest.mark.slow
def test_notices_are_the_current_ones_of_their_run_id(
    models: Models, root: Path
) -> None:
    good(taken(models, root, [draft("a"), draft("b")]))
    good(taken(models, root, [draft("a")]))
    assert notices(root) == [("row_vanished", "b")]
    models.write_build(root, run_id="other")
    good(materialize(root, RUN_ID="other"))
    assert notices(root) == []
    good(taken(models, root, [draft("b"), draft("a")]))
    assert notices(root) == []


# The same text ------------------------------------------------------------------------


def test_a_text_that_comes_again_is_told_once(models: Models, root: Path) -> None:
    good(taken(models, root, [draft("a"), draft("b")]))
    rows = [
        draft("a"),
        draft("b"),
        draft("a", generation_timestamp="2025-01-02T00:00:00Z"),
        draft("c", "a", response_file="other_task.txt"),
        draft("d", "new", response_file="new.txt"),
        draft("d", "new", response_file="new.txt", generation_timestamp="2025-01-02"),
    ]
    process = good(taken(models, root, rows))
    assert notices(root) == [("same_text_again", "a")]
    assert "same_text_again: draft:a:2025-01-02" in process.stdout
    good(materialize(root))
    assert notices(root) == []


def test_a_text_of_a_program_that_comes_again_is_told(
    models: Models, root: Path
) -> None:
    Writer(root, run_id="backfill").add(ADDED)
    good(taken(models, root, [draft("a"), draft("b")]))
    assert notices(root) == [("same_text_again", "a")]


@pytest.mark.soak
@pytest.mark.slow
def test_a_killed_run_is_completed_with_the_same_notices(
    models: Models, root: Path, tmp_path: Path
) -> None:
    good(taken(models, root, [draft("a"), draft("b")]))
    rows = [draft("a"), draft("a", generation_timestamp="2025-01-02"), draft("c", " ")]
    written(root, [*rows, draft("d", generation_status="failed")])
    models.write_build(root)
    whole = copied(root, tmp_path / "whole")
    good(materialize(whole, "--workers", "1"))
    wanted = results(whole)
    assert notices(whole) == [("row_vanished", "b"), ("same_text_again", "a")]
    died = 0
    for step in count(1, 1 if SOAK else 6):
        killed = copied(root, tmp_path / str(step))
        if die(killed, step) != KILLED:
            break  # it has no such step
        died += 1
        good(materialize(killed, "--workers", "1"))
        assert results(killed) == wanted, step
    assert died > 3


@pytest.mark.slow
def test_a_run_that_is_killed_before_its_end_is_still_told(
    models: Models, root: Path
) -> None:
    """The step before the end of a run changes no name, so that `dying` misses it."""
    good(taken(models, root, [draft("a")]))
    again = [draft("a"), draft("a", generation_timestamp="2025-01-02")]
    good(taken(models, root, again))
    with closing(sqlite3.connect(index(root))) as connection, connection:
        connection.execute("update run_record set documents = 1")
    good(materialize(root))
    assert notices(root) == [("same_text_again", "a")]
    assert query(root, "select documents from run_record") == [(2,)]


@pytest.mark.slow
def test_to_a_rebuilt_index_all_documents_are_old(models: Models, root: Path) -> None:
    good(taken(models, root, [draft("a")]))
    index(root).unlink()
    output = ["--output", str(index(root))]
    reindexing = [sys.executable, str(REPOSITORY / "scripts/reindex_docs.py"), *output]
    good(run(root, reindexing, {}))
    again = [draft("a"), draft("a", generation_timestamp="2025-01-02")]
    good(taken(models, root, again))
    assert notices(root) == [("same_text_again", "a")]


def die(root: Path, step: int) -> int:
    script = str(REPOSITORY / "scripts/materialize_docs.py")
    words = [DYING, str(step), str(root), script, "--workers", "1"]
    return run(root, [sys.executable, *words], {}).returncode


# What a run says ----------------------------------------------------------------------


@pytest.mark.slow
def test_each_kind_has_three_examples(models: Models, root: Path) -> None:
    good(taken(models, root, [draft(name) for name in "abcdefgh"]))
    process = good(taken(models, root, [draft("a"), draft("b")]))
    assert process.stdout.count("\n  row_vanished: draft:") == 3
    assert "\nrow_vanished\t6\n" in process.stdout


def test_notices_are_in_the_json_and_in_a_dry_run(models: Models, root: Path) -> None:
    good(taken(models, root, [draft("a"), draft("b")]))
    written(root, [draft("a"), draft("a", generation_timestamp="2025-01-02")])
    models.write_build(root)
    before = snapshot(root)
    dry = json.loads(good(materialize(root, "--dry-run", "--json")).stdout)
    assert snapshot(root) == before
    wet = json.loads(good(materialize(root, "--json")).stdout)
    assert dry["notices"] == {"row_vanished": 1, "same_text_again": 1}
    assert len(dry["notice_examples"]) == 2
    names = ("notices", "notice_examples")
    assert [wet[name] for name in names] == [dry[name] for name in names]


def test_notices_are_shown_where_people_look(models: Models, root: Path) -> None:
    good(taken(models, root, [draft("a"), draft("b")]))
    good(taken(models, root, [draft("a"), draft("b", generation_status="failed")]))
    told = {"kind": "row_now_bad", "detail": details(root, "row_now_bad")[0]}
    with open_documents(root) as found:
        assert stats(found)["notices"] == [{"kind": "row_now_bad", "rows": 1}]
        attempts = explained(found, "b", -1)["attempts"]
        assert [told] in [attempt["notices"] for attempt in attempts]
        assert explained(found, "a", -1)["attempts"][0]["notices"] == []
    layout = open_layout(root)
    assert write_report(layout, layout.page)
    page = layout.page.read_text()
    assert '<h2 id="notices">Notices</h2>' in page
    assert str(markupsafe.escape(told["detail"])) in page
    browsed = sql("apps/web/browse_notices.sql").replace(":kind", "?1")
    for kind, shown in (("", 1), ("row_now_bad", 1), ("row_vanished", 0)):
        assert len(query(root, browsed, kind)) == shown


def test_strict_counts_notices_too(models: Models, root: Path) -> None:
    good(taken(models, root, [draft("a"), draft("b")]))
    assert taken(models, root, [draft("a")], "--strict").returncode == 3
    assert materialize(root).returncode == 0


# The guard ----------------------------------------------------------------------------


def many(count: int, **changes: str) -> list[Row]:
    return [draft(f"task {number}", **changes) for number in range(count)]


Table = Mapping[str, Sequence[Row]]
SHRUNK: Table = {
    "cut off": many(9),
    "cut off and failed": many(14)[:5] + many(14, generation_status="failed")[5:],
    "other times": many(20, generation_timestamp="2025-02-01"),
    "invalid times": many(20, generation_timestamp="01.02.2025"),
    "no files": many(20, response_file="no.txt"),
}


@pytest.mark.parametrize("name", sampled(SHRUNK, len(SHRUNK)))
def test_a_spoiled_table_is_refused(models: Models, root: Path, name: str) -> None:
    good(taken(models, root, many(20)))
    written(root, SHRUNK[name])
    (root / "3_generation/no.txt").unlink(missing_ok=True)
    models.write_build(root)
    before = snapshot(root)
    for options in ([], ["--dry-run"], ["--strict"]):
        process = materialize(root, *options)
        assert process.returncode == 2
        assert (
            f"error: {DRAFTS} has changed: it had 20 rows in the last run, has "
            f"{len(SHRUNK[name])} now; of the 20 documents that were made from it, "
        ) in process.stderr
        assert "pass --allow-shrunk if it is right" in process.stderr
        assert process.stdout == ""
    assert snapshot(root) == before
    good(materialize(root, "--allow-shrunk"))
    kinds = {kind for kind, _ in notices(root)}
    assert kinds & {"row_vanished", "row_now_bad"}


@pytest.mark.parametrize(
    ("documents", "rows"),
    sampled([(20, 10), (19, 1)], 2),
    ids=["half of them", "fewer than 20"],
)
def test_a_table_that_lost_less_is_taken(
    models: Models, root: Path, documents: int, rows: int
) -> None:
    good(taken(models, root, many(documents)))
    good(taken(models, root, many(rows)))
    assert len(notices(root)) == documents - rows


@pytest.mark.slow
def test_a_new_run_id_has_no_guard(models: Models, root: Path) -> None:
    good(taken(models, root, many(20)))
    written(root, many(1))
    models.write_build(root, run_id="other")
    good(materialize(root, RUN_ID="other"))
    assert len(read_csv(root / DRAFTS)) == 1


# The bad list -------------------------------------------------------------------------


@pytest.mark.slow
def test_lines_that_are_settled_are_told_apart(models: Models, root: Path) -> None:
    waiting = draft("b", response_file="")
    good(taken(models, root, [draft("a", generation_status="failed"), waiting]))
    good(taken(models, root, [draft("a"), draft("c", combo_id=""), waiting]))
    page = (REPOSITORY / "docs/repairs.md").read_text()
    statement = page.partition("```sql\n")[2].partition("```")[0]
    lines = read_csv(root / "7_cross_experiment/bad_generations.csv")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("attach ? as stored", [str(index(root))])
        connection.execute(f"create table listed ({', '.join(lines[0])})")
        values = f"({', '.join('?' * len(lines[0]))})"
        rows = [tuple(line.values()) for line in lines]
        connection.executemany(f"insert into listed values {values}", rows)
        settled = connection.execute(statement).fetchall()
    assert [line["reason"] for line in lines] == [
        "not_successful",
        "missing_response_file",
        "missing_key_columns",
    ]
    assert settled == rows[:1]


@pytest.mark.slow
def test_a_list_that_was_changed_is_told_until_it_is_restored(
    models: Models, root: Path
) -> None:
    path = root / "7_cross_experiment/bad_generations.csv"
    rows = [draft("a"), draft("b", generation_status="failed")]
    good(taken(models, root, rows))
    kept = path.read_bytes()
    path.write_bytes(kept.replace(b"failed", b"sailed"))
    rows.append(draft("c", generation_status="failed"))
    for _ in range(2):
        process = good(taken(models, root, rows))
        assert "bad_generations.csv has changed since the last run" in process.stdout
        assert verified(root) == ["bad_list_differs"]
    assert path.read_bytes().startswith(kept.replace(b"failed", b"sailed"))
    assert path.read_bytes().count(b"failed") == 1
    path.write_bytes(kept)
    process = good(materialize(root))
    assert "has changed since the last run" not in process.stdout
    assert verified(root) == []
    assert path.read_bytes().startswith(kept)


@pytest.mark.slow
def test_a_list_that_is_gone_is_begun_again(models: Models, root: Path) -> None:
    path = root / "7_cross_experiment/bad_generations.csv"
    good(taken(models, root, [draft("a"), draft("b", generation_status="failed")]))
    kept = path.read_bytes()
    path.unlink()
    assert verified(root) == ["bad_list_missing"]
    good(materialize(root))
    assert (path.read_bytes(), verified(root)) == (kept, [])


@pytest.mark.slow
def test_a_list_that_was_there_before_the_index_is_taken(
    models: Models, root: Path
) -> None:
    path = root / "7_cross_experiment/bad_generations.csv"
    good(taken(models, root, [draft("a", generation_status="failed")]))
    index(root).unlink()
    rows = [draft(name, generation_status="failed") for name in ("a", "b")]
    good(taken(models, root, rows))
    assert len(read_csv(path)) == 2
    assert query(root, "select listed_rows from run_record") == [(2,)]
    assert verified(root) == []


def verified(root: Path) -> list[str]:
    """Return the codes of what verify finds."""
    report = verify(open_layout(root), Options(), lambda done, total: None)
    return [finding.code for finding in report.findings]


# What is inserted ---------------------------------------------------------------------


def change(root: Path, statement: str) -> None:
    with closing(sqlite3.connect(index(root))) as connection, connection:
        connection.execute(statement)


FOREIGN = {
    "trigger drop_rows is not of this program": (
        "create trigger drop_rows before insert on documents "
        "begin select raise(ignore); end"
    ),
    "trigger drop_lists is not of this program": (
        "create trigger drop_lists before insert on BAD_GENERATIONS "
        "begin select raise(ignore); end"
    ),
    "index one_text is not of this program": (
        "create unique index one_text on documents (content_hash)"
    ),
    "table documents is not as it was made": (
        "alter table documents add column more text"
    ),
    "table bad_generations is missing": "drop table bad_generations",
    "trigger documents_are_never_deleted is missing": (
        "drop trigger documents_are_never_deleted"
    ),
}


@pytest.mark.parametrize("name", sampled(FOREIGN, len(FOREIGN)))
def test_an_index_of_another_schema_is_refused(
    models: Models, root: Path, name: str
) -> None:
    good(taken(models, root, [draft("a")]))
    change(root, FOREIGN[name])
    written(root, [draft("a"), draft("b")])
    models.write_build(root)
    before = snapshot(root)
    for options in ([], ["--dry-run"]):
        process = materialize(root, *options)
        assert process.returncode == 2
        assert name in process.stderr
        assert "nothing was written: undo that, or rebuild it with " in process.stderr
    assert snapshot(root) == before


@pytest.mark.parametrize(
    "statement",
    sampled(
        ["create table of_others (a)", "drop index documents_by_task", "analyze"], 3
    ),
)
def test_what_harms_nothing_is_taken(
    models: Models, root: Path, statement: str
) -> None:
    good(taken(models, root, [draft("a")]))
    change(root, statement)
    good(taken(models, root, [draft("a"), draft("b")]))


def test_rows_that_the_index_drops_are_missed(
    models: Models, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    good(taken(models, root, [draft("a")]))
    change(root, FOREIGN["trigger drop_rows is not of this program"])
    written(root, [draft("a"), draft("b"), draft("c")])
    models.write_build(root)
    monkeypatch.setattr(session, "refuse_foreign_schema", lambda path, named: None)
    before = dump(root)
    with pytest.raises(StorageError, match="has not taken the rows of 2 documents"):
        running.materialize(
            open_layout(root), running.Options(), lambda done, total: None
        )
    assert dump(root) == before


def test_a_program_is_refused_too(models: Models, root: Path) -> None:

    good(taken(models, root, [draft("a")]))
    change(root, FOREIGN["trigger drop_rows is not of this program"])
    with pytest.raises(IndexFileError, match="trigger drop_rows"):
        Writer(root, run_id="r").add(ADDED)
