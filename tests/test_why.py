"""docs-index why: of each row what became of it, by which rule, and against what."""

import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from building import (
    REPOSITORY,
    Run,
    copied,
    documents,
    good,
    index,
    materialize,
    query,
    run,
    write,
    write_table,
)
from harness import Models
from test_reading import SCHEMA, ask, printed, seen

from docs_index.index.new_row import NewDocument
from docs_index.index.writer import Writer

HOSTILE = "it's %_* \x1b[31m\u202e \"é\n; drop table documents"
FILE = "x/the file.txt"

Attempt = dict[str, Any]


def generation(
    kind: str, task_id: str, day: str, combo: str, **changes: str
) -> dict[str, str]:
    """Return a row of a draft, link or essay of one template and model."""
    return {
        f"{kind}_task_id": task_id,
        "combo_id": combo,
        f"{kind}_template_id": "t",
        "generation_model": "m",
        "generation_status": "success",
        "generation_timestamp": f"2025-01-{day}",
        "response_file": FILE,
    } | changes


def evaluation(task_id: str, day: str, essay: str, draft: str) -> dict[str, str]:
    return {
        "evaluation_task_id": task_id,
        "combo_id": "",
        "evaluation_template": "e",
        "evaluation_model": "judge",
        "evaluation_status": "success",
        "evaluation_timestamp": f"2025-{day}",
        "response_file": FILE,
        "essay_task_id": essay,
        "generation_task_id": draft,
    }


LOST = {"response_file": "gone.txt"}
DRAFTS = [
    generation("draft", "old", "01", "c"),
    generation("draft", "tied_low", "02", "c"),
    generation("draft", "tied_high", "02", "c"),
    generation("draft", "later", "05", "c"),
    generation("draft", "before_lost", "01", "lost"),
    generation("draft", "lost", "02", "lost", **LOST),
    generation("draft", "alone", "01", "alone"),
    generation("draft", "too_late", "09", "early"),
    generation("draft", "old", "01", "c"),
    generation("draft", "failed", "01", "c", generation_status="failed"),
    generation("draft", "", "01", "c"),
    generation("draft", "later", "06", "d"),
    generation("draft", HOSTILE, "01", "hostile", response_file=f"{HOSTILE}.txt"),
]
LINKS = [generation("link", "tied_link", "02", "c")]
ESSAYS = [
    generation("essay", "essay", "03", "c"),
    generation("essay", "orphan", "03", "lost"),
    generation("essay", "alone", "03", "alone"),
    generation("essay", "early", "03", "early"),
    generation("essay", "draft:1", "03", "alone", essay_template_id="u"),
    generation("essay", "essay", "04", "c", **LOST),
]
EVALUATIONS = [
    evaluation("by_essay", "02-01", "essay", "old"),
    evaluation("by_draft", "02-01", "unrecorded", "old"),
    evaluation("before_all", "01-02", "", "later"),
    evaluation("of_nothing", "02-01", "nothing", "nothing"),
    evaluation("of_one", "02-01", "alone", ""),
    evaluation("before_one", "01-02", "alone", ""),
    evaluation("of_orphan", "02-01", "orphan", "old"),
]


@pytest.fixture(scope="module")
def store(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root in which every rule decides something, built and materialized."""
    root = tmp_path_factory.mktemp("why") / "root"
    table = "7_cross_experiment/{}_results.csv"
    write_table(root, table.format("draft_generation"), DRAFTS)
    write_table(root, table.format("link_generation"), LINKS)
    write_table(root, table.format("essay_generation"), ESSAYS)
    write_table(root, table.format("evaluation"), EVALUATIONS)
    for path in (FILE, f"{HOSTILE}.txt"):
        write(root, f"3_generation/{path}", "a text\n")
    models.write_build(root)
    good(materialize(root))
    return root


def why(root: Path, name: str, *args: str) -> list[Attempt]:
    attempts: list[Attempt] = printed(root, "why", name, *args)["attempts"]
    return attempts


def one(root: Path, name: str) -> Attempt:
    (attempt,) = why(root, name)
    return attempt


def verdicts(attempt: Attempt, side: str = "candidates") -> dict[str, dict[str, str]]:
    """Return the verdict on each row, by join."""
    return {
        join["link_method"]: {
            f"{row['source_csv']}:{row['row_index']}": row["verdict"]
            for row in join["listed"]
        }
        for join in attempt[side]
    }


# Which rule decided ------------------------------------------------------------------


def test_older_tied_and_later_drafts_are_told_with_the_rule(store: Path) -> None:
    essay = one(store, "essay:1")
    assert verdicts(essay)["timestamp_join"] == {
        "draft:4": "later",
        "draft:3": "chosen",
        "draft:2": "lower_row_in_tie",
        "link:1": "link_in_tie",
        "draft:1": "older",
    }
    assert essay["parent"]["task_id"] == "tied_high"
    assert essay["fate"] == "document"


def test_a_lost_parent_is_not_replaced_by_an_older_one(store: Path) -> None:
    essay = one(store, "orphan")
    assert (essay["fate"], essay["reason"]) == ("bad_row", "unresolved_parent")
    assert verdicts(essay)["timestamp_join"] == {
        "draft:6": "chosen_lost",
        "draft:5": "older",
    }
    lost = essay["candidates"][0]["listed"][0]
    assert lost["reason"] == "missing_response_file"
    assert "gone.txt: there is no such file" in lost["detail"]
    assert "look at the reason of that one" in essay["remedy"]


def test_a_draft_that_came_too_late_is_told(store: Path) -> None:
    assert verdicts(one(store, "early")) == {"timestamp_join": {"draft:8": "later"}}


def test_without_a_choice_nothing_is_kept(store: Path) -> None:
    (essay,) = (each for each in why(store, "alone") if each["source_csv"] == "essay")
    assert essay["candidates"] == []
    assert (essay["parent"]["task_id"], essay["is_joined"]) == ("alone", True)
    assert "no other candidate" in ask(store, "why", "essay:3").stdout


def test_a_lost_target_is_not_replaced_by_a_neighbour(store: Path) -> None:
    by_essay = one(store, "by_essay")
    assert by_essay["reason"] == "unresolved_target"
    assert "the target is essay row 6 (essay)" in by_essay["detail"]
    assert verdicts(by_essay) == {
        "essay_task_id": {"essay:6": "chosen_lost", "essay:1": "older"}
    }
    assert "none if that has no document" in by_essay["candidates"][0]["rule"]
    of_orphan = one(store, "of_orphan")
    assert of_orphan["reason"] == "unresolved_target"
    assert verdicts(of_orphan) == {"essay_task_id": {"essay:2": "chosen_lost"}}
    lost = verdicts(one(store, "essay:6"), "asked_by")
    assert lost == {"essay_task_id": {"evaluation:1": "chosen_lost"}}


def test_an_essay_without_a_row_leaves_the_draft_as_target(store: Path) -> None:
    by_draft = one(store, "by_draft")
    assert by_draft["link_method"] == "generation_task_id"
    assert by_draft["parent"]["task_id"] == "old"
    assert "no row of the essay table" in by_draft["rule"]


def test_where_all_are_later_the_earliest_is_taken(store: Path) -> None:
    assert verdicts(one(store, "before_all")) == {
        "generation_task_id": {"draft:12": "not_the_earliest", "draft:4": "earliest"}
    }


def test_what_got_an_essay_without_a_choice_is_told_with_the_rule(store: Path) -> None:
    assert verdicts(one(store, "essay:3"), "asked_by") == {
        "essay_task_id": {"evaluation:5": "chosen", "evaluation:6": "earliest"}
    }


def test_an_evaluation_of_nothing_says_so(store: Path) -> None:
    found = one(store, "of_nothing")
    assert (found["reason"], found["candidates"]) == ("unresolved_target", [])
    assert 'no essay row has task id "nothing"' in found["detail"]


def test_a_draft_tells_who_got_it_and_against_whom_it_lost(store: Path) -> None:
    assert verdicts(one(store, "draft:2"), "asked_by") == {
        "timestamp_join": {"essay:6": "lower_row_in_tie", "essay:1": "lower_row_in_tie"}
    }
    lost = one(store, "draft:6")
    assert verdicts(lost, "asked_by") == {"timestamp_join": {"essay:2": "chosen_lost"}}
    chosen = one(store, "draft:3")["asked_by"][0]
    assert (chosen["chosen"], chosen["total"]) == (2, 2)
    alone = one(store, "draft:7")
    assert verdicts(alone, "asked_by") == {
        "timestamp_join": {"essay:3": "chosen", "essay:5": "chosen"}
    }


def test_the_chosen_of_every_document_is_its_parent(store: Path, odd_run: Run) -> None:
    for root in (store, odd_run.root):
        for row in documents(root, "parent_doc_id is not null"):
            attempt = one(root, row["doc_id"])
            listed = [each for join in attempt["candidates"] for each in join["listed"]]
            got = [each for each in listed if each["verdict"] in ("chosen", "earliest")]
            assert [each["doc_id"] for each in got] in ([], [row["parent_doc_id"]])
            parent = one(root, row["parent_doc_id"])
            children = {
                each["doc_id"]: each["verdict"]
                for join in parent["asked_by"]
                for each in join["listed"]
            }
            assert children[row["doc_id"]] in ("chosen", "earliest")


# Rows that are not attempts, or are in conflict --------------------------------------


def test_a_duplicate_shows_the_row_that_it_repeats(store: Path) -> None:
    found = one(store, "draft:9")
    assert found["reason"] == "duplicate_row"
    assert (found["repeats"]["row_index"], found["repeats"]["task_id"]) == (1, "old")
    shown = ask(store, "why", "draft:9").stdout
    assert f"draft:1 is {found['repeats']['doc_id']}" in shown


@pytest.mark.parametrize(
    ("name", "reason"),
    [("draft:10", "not_successful"), ("draft:11", "missing_task_id")],
)
def test_a_row_that_is_no_attempt_was_no_candidate(
    store: Path, name: str, reason: str
) -> None:
    found = one(store, name)
    assert found["reason"] == reason
    assert found["remedy"]
    assert found["candidates"] == found["asked_by"] == []
    assert name not in verdicts(one(store, "essay:1"))["timestamp_join"]


def test_attempts_at_the_same_say_which_is_the_latest(store: Path) -> None:
    rules = [
        (f"{row['source_csv']}:{row['row_index']}", row["rule"])
        for row in one(store, "draft:2")["same_key"]["listed"]
    ]
    assert rules[0] == ("draft:4", "the latest, in the report")
    assert dict(rules)["draft:1"] == "not the latest"
    assert dict(rules)["draft:10"] == "rejected"
    unparsed = one(store, "essay:6")["same_key"]["listed"]
    assert [row["row_index"] for row in unparsed] == [1, 6]


def test_the_report_has_the_latest_that_parses(odd_run: Run) -> None:
    found = one(odd_run.root, "latest_without_tags")["same_key"]["listed"]
    assert [row["rule"] for row in found][:2] == [
        "the latest, does not parse",
        "the latest that parses, in the report",
    ]


def test_a_row_that_needs_a_person_is_told(root: Path) -> None:
    (response,) = (root / "3_generation/essay_responses").glob("*a93f52*")
    response.write_text("changed since the build")
    assert materialize(root).returncode == 1
    ((doc_id, row_key),) = query(
        root,
        "select doc_id, row_key from backfill_conflicts where row_key like 'essay:%'",
    )
    task_id = row_key.split(":")[1]
    for name in (doc_id, row_key, task_id):
        found = one(root, name)
        assert (found["fate"], found["reason"]) == ("conflict", "response_changed")
        assert "not in the index: response_changed" in ask(root, "why", name).stdout


def test_a_changed_lineage_is_told_of_the_document_that_stays(
    store: Path, models: Models, tmp_path: Path
) -> None:
    root = copied(store, tmp_path)
    kept = one(root, "essay:1")["doc_id"]
    drafts = [*DRAFTS, generation("draft", "found_late", "03", "c")]
    write_table(root, "7_cross_experiment/draft_generation_results.csv", drafts)
    models.write_build(root)
    assert materialize(root).returncode == 1
    found = one(root, "essay:1")
    assert (found["doc_id"], found["conflict"]["kind"]) == (kept, "lineage_changed")
    assert verdicts(found)["timestamp_join"]["draft:14"] == "chosen"


# What is meant -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "draft:13",
        HOSTILE,
        f"draft:{HOSTILE}:2025-01-01T00:00:00.000000Z:1",
        f"{HOSTILE}.txt",
        f"3_generation/{HOSTILE}.txt",
        f"/somewhere/3_generation/{HOSTILE}.txt",
    ],
)
def test_a_row_goes_by_place_task_key_and_file(store: Path, name: str) -> None:
    found = one(store, name)
    assert (found["task_id"], found["row_index"]) == (HOSTILE, 13)
    assert one(store, found["doc_id"]) == one(store, found["doc_id"][:8]) == found
    shown = ask(store, "why", name).stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_all_attempts_that_are_meant_are_told_the_latest_first(store: Path) -> None:
    found = printed(store, "why", "essay")
    assert found["total"] == 2
    assert [each["row_index"] for each in found["attempts"]] == [6, 1]
    named_like_a_row = {each["source_csv"] for each in why(store, "draft:1")}
    assert named_like_a_row == {"draft", "essay"}
    of_file = printed(store, "why", FILE, "--limit", "3")
    assert (of_file["total"] > 3, len(of_file["attempts"])) == (True, 3)
    result = ask(store, "why", FILE, "--limit", "3")
    assert "more attempts fit the name; --limit 0 shows all" in result.stderr


@pytest.mark.parametrize(
    "name", ["nothing", "", "draft:99", "draft:0", "draft:" + "9" * 30, "file.tx"]
)
def test_what_nothing_has_is_refused(store: Path, name: str) -> None:
    result = ask(store, "why", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nothing has the task id, the row (like draft:17)" in result.stderr


def test_the_beginning_of_several_ids_is_refused_with_their_names(store: Path) -> None:
    begun: dict[str, int] = {}
    for row in documents(store):
        begun[row["doc_id"][0]] = begun.get(row["doc_id"][0], 0) + 1
    name = max(begun, key=lambda each: begun[each])
    result = ask(store, "why", name)
    assert (result.exit_code, "beginning of several ids" in result.stderr) == (2, True)


# Indexes of other ways ---------------------------------------------------------------


def change(root: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(index(root))) as connection, connection:
        connection.execute("drop trigger if exists documents_are_never_updated")
        connection.execute(statement, values)


def test_a_parent_that_a_repair_names_was_not_chosen(
    store: Path, tmp_path: Path
) -> None:
    root = copied(store, tmp_path)
    doc_id = one(root, "essay:3")["doc_id"]
    named = "json_set(meta_small, '$.link_method', 'repair')"
    change(root, f"update documents set meta_small = {named} where doc_id = ?", doc_id)
    found = one(root, "essay:3")
    assert (found["rule"], found["candidates"]) == ("a repair names it", [])
    assert verdicts(one(root, "draft:7"), "asked_by")["repair"] == {"essay:3": "named"}
    shown = ask(root, "why", "essay:3").stdout
    assert "a repair names it" in shown
    assert "no other candidate" not in shown


def test_a_reason_that_has_no_remedy_is_told(store: Path, tmp_path: Path) -> None:
    root = copied(store, tmp_path)
    change(root, "update bad_generations set reason = 'set_aside' where row_index = 10")
    assert one(root, "draft:10")["remedy"] is None
    assert "rejected\tset_aside\n" in ask(root, "why", "draft:10").stdout


def test_a_rebuilt_index_says_that_it_has_no_candidates(
    store: Path, tmp_path: Path
) -> None:
    root = copied(store, tmp_path)
    script = str(REPOSITORY / "scripts/reindex_docs.py")
    command = [sys.executable, script, "--output", str(index(root)), "--replace"]
    good(run(root, command, {}))
    assert printed(root, "why", "essay:1")["has_candidates"] is False
    result = ask(root, "why", "essay:1")
    assert "docs-index run writes them" in result.stderr
    assert "no other candidate" not in result.stdout
    good(materialize(root))
    assert one(root, "essay:1") == one(store, "essay:1")


def test_a_parent_that_a_program_gave_was_not_chosen(
    store: Path, tmp_path: Path
) -> None:
    root = copied(store, tmp_path)
    draft = one(root, "draft:7")["doc_id"]
    essay = NewDocument(
        stage="essay", task_id="added", template_id="t", model_id="m",
        timestamp="2025-06-01", attempt_id="added/1", parent_doc_id=draft, raw="text",
    )  # fmt: skip
    added = Writer(str(root), run_id="backfill").add(essay)
    found = one(root, "added/1")
    assert found["doc_id"] == added.doc_id
    assert found["rule"] == "the program that added it names it"
    assert verdicts(one(root, draft), "asked_by")["given"] == {"runtime:None": "named"}
    shown = ask(root, "why", "added").stdout
    assert "\nruntime\t2025-06-01" in ask(root, "why", draft).stdout
    assert "row\truntime\ntask_id\tadded\ntimestamp\t2025-06-01" in shown


def test_documents_of_another_run_say_whose_candidates_are_kept(
    store: Path, tmp_path: Path
) -> None:
    root = copied(store, tmp_path)
    change(root, "update bad_generations set run_id = 'newer'")
    found = one(root, "essay:3")
    assert found["is_of_last_build"] is False
    said = "only the candidates of the last build are kept"
    assert said in ask(root, "why", "essay:3").stdout


def test_every_verdict_is_on_the_page() -> None:
    page = (REPOSITORY / "docs/reading.md").read_text()
    section = page.partition("\n## Why\n")[2].partition("\n## ")[0]
    row = SCHEMA["$defs"]["join"]["properties"]["listed"]["items"]
    verdicts = row["properties"]["verdict"]["enum"]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == verdicts


# How much, and how it looks ----------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["essay:1", "orphan", "by_draft", "draft:3", "draft:9", "before_all"]
)
def test_it_fits_a_terminal(store: Path, name: str) -> None:
    for columns in (60, 80):
        lines = seen(store, "why", name, columns=columns).splitlines()
        assert len(lines) > 3
        assert max(map(len, lines)) <= columns


def test_each_sentence_in_a_pipe_has_a_name_and_is_whole(store: Path) -> None:
    found = one(store, "draft:9")
    first, *_ = ask(store, "why", "draft:9").stdout.split("\n\n")
    fields = dict(line.split("\t") for line in first.splitlines())
    for name in ("task_id", "timestamp", "detail", "remedy"):
        assert fields[name] == found[name]
    assert (fields["row"], fields["rejected"]) == ("draft:9", found["reason"])
    shown = ask(store, "why", "essay:1", COLUMNS="40").stdout
    assert "\nrow\tcreated\tdocument\trule\n" in shown
    for listed in one(store, "essay:1")["candidates"][0]["listed"]:
        became = listed["reason"] or listed["doc_id"]
        assert f"\t{listed['created_at']}\t{became}\t{listed['rule']}\n" in shown


def test_a_busy_key_is_kept_once_and_told_up_to_a_limit(
    models: Models, tmp_path: Path
) -> None:
    many = 1000
    root = tmp_path / "root"
    table = "7_cross_experiment/{}_generation_results.csv"
    clock = [f"{1 + n // 60:02}:{n % 60:02}:00" for n in range(many)]
    for kind, second in (("draft", "00"), ("essay", "30")):
        rows = [
            generation(kind, f"{kind}_{n}", f"01T{clock[n][:-2]}{second}", "busy")
            for n in range(many)
        ]
        write_table(root, table.format(kind), rows)
    write(root, f"3_generation/{FILE}", "a text\n")
    models.write_build(root)
    good(materialize(root))
    assert query(root, "select count(*) from link_candidates") == [(2 * many,)]
    essay = one(root, "essay:500")["candidates"][0]
    assert (essay["total"], len(essay["listed"])) == (many, 20)
    assert {row["row_index"] for row in essay["listed"]} >= {*range(491, 510)}
    (draft,) = why(root, "draft:500", "--limit", "3")
    asked_by = draft["asked_by"][0]
    assert (asked_by["total"], asked_by["chosen"]) == (many, 1)
    assert sorted(row["row_index"] for row in asked_by["listed"]) == [499, 500, 501]
    shown = ask(root, "why", "draft:500", "--limit", "3").stdout
    assert "and 997 more: --limit 0 lists all" in shown
    (draft,) = why(root, "draft:500", "--limit", "0")
    assert len(draft["asked_by"][0]["listed"]) == many
