"""What the commands that only read show of documents of other tools' histories."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from building import build, copied, good, materialize
from history_roots import lines, write_root
from test_reading import ask, printed, seen

from docs_index.layout import Layout

SOURCES = """
answers:
  files: exports/answers*.jsonl
  id: id
  task_id: topic
  model_id: model
  created_at: {from: [optional, at], as: epoch}
  response: text
  status: {from: state, success: [done]}
marks:
  files: exports/marks.jsonl
  kind: judgement
  id: id
  task_id: [optional, task]
  template_id: = length
  model_id: = code:length
  created_at: at
  response: [optional, words]
  score: points
  targets: [{source: answers, id: of}]
others:
  files: exports/others.jsonl
  id: id
  model_id: = m
  response: text
more:
  files: exports/more.jsonl
  id: id
  task_id: = more
  model_id: = m
  response: text
"""


def answer(name: str, topic: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": name,
        "topic": topic,
        "model": "m",
        "at": 1741600000,
        "text": f"A text of {name}.",
        "state": "done",
    } | changes


def mark(name: str, of: str, points: float) -> dict[str, Any]:
    at = f"2025-03-1{name[-1]} 10:00"
    return {"id": name, "of": of, "points": points, "at": at, "task": "mark it"}


ANSWERS = [
    answer("a-1", "harbour"),
    answer("a-2", "harbour", model="n"),
    answer("a-3", "library", state="refused"),
    answer("both", "library"),
]
MARKS = [mark("k1", "a-1", 0.5), mark("k2", "a-3", 1), mark("k3", "a-3", 2)]
FILES: dict[str, str | bytes] = {
    "exports/answers.jsonl": lines(*ANSWERS, ANSWERS[0]),
    "exports/answers_again.jsonl": lines(ANSWERS[1]),
    "exports/marks.jsonl": lines(*MARKS),
    "exports/others.jsonl": lines({"id": "b-1", "text": "Another text."}),
    "exports/more.jsonl": lines({"id": "both", "text": "One more."}),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root that has histories alone, built and materialized."""
    root = write_root(tmp_path_factory.mktemp("histories") / "root", SOURCES, FILES)
    good(build(root))
    good(materialize(root))
    return root


def why(root: Path, name: str) -> list[dict[str, Any]]:
    attempts: list[dict[str, Any]] = printed(root, "why", name)["attempts"]
    return attempts


def test_other_attempts_of_a_record_have_its_time_and_no_part_of_its_id(
    store: Path,
) -> None:
    [attempt] = why(store, "marks:2")
    listed = attempt["same_key"]["listed"]
    assert [each["created_at"] for each in listed] == [
        "2025-03-13 10:00",
        "2025-03-12 10:00",
    ]
    [attempt] = why(store, "answers:3")  # its time is a number
    assert [each["created_at"] for each in attempt["same_key"]["listed"]] == [None]


@pytest.mark.parametrize("name", ["a-1", "answers:a-1"])
def test_a_document_is_found_by_the_id_of_its_record(store: Path, name: str) -> None:
    shown = printed(store, "show", name)
    assert (shown["row_key"], shown["task_id"]) == ("answers:a-1", "harbour")
    assert ask(store, "cat", name).stdout == "A text of a-1."
    tree = printed(store, "lineage", name)
    assert tree["doc_id"] == shown["doc_id"]
    fates = {each["row_index"]: each["reason"] for each in why(store, name)}
    assert fates == {1: None, 5: "duplicate_row"}


def test_a_record_id_of_several_sources_is_refused_with_their_names(
    store: Path,
) -> None:
    result = ask(store, "show", "both")
    assert result.exit_code == 2
    assert "'both' is the record id of several sources:\n  " in result.stderr
    assert {each["source_csv"] for each in why(store, "both")} == {"answers", "more"}
    assert printed(store, "show", "more:both")["task_id"] == "more"


@pytest.mark.parametrize("name", ["a-3", "answers:a-3"])
def test_a_rejected_record_is_found_by_its_id(store: Path, name: str) -> None:
    [attempt] = why(store, name)
    assert (attempt["source_csv"], attempt["row_index"]) == ("answers", 3)
    assert attempt["reason"] == "not_successful"
    for command in ("show", "cat", "lineage"):
        result = ask(store, command, name)
        assert result.exit_code == 2
        assert "`docs-index why` also finds rejected rows" in result.stderr


def test_without_its_build_a_rejected_record_is_not_found(
    store: Path, tmp_path: Path
) -> None:
    root = copied(store, tmp_path)
    Layout(root).build.unlink()
    assert ask(root, "why", "a-3").exit_code == 2
    assert [each["row_index"] for each in why(root, "a-1")] == [1]


def test_repairs_are_offered_for_rows_of_tables_only(
    store: Path, tmp_path: Path
) -> None:
    said = good(materialize(copied(store, tmp_path))).stdout
    assert "unresolved_target" in said
    assert "docs-index repairs" not in said


def test_a_line_of_a_lineage_ends_with_the_task(store: Path) -> None:
    first, second = ask(store, "lineage", "a-1").stdout.splitlines()
    assert first.endswith(" m *  harbour")
    assert second.endswith(" length code:length  mark it")
    assert seen(store, "lineage", "a-1", columns=100).splitlines()[0] == first
    assert "harbour" not in seen(store, "lineage", "a-1", columns=50)


def test_status_of_a_root_with_histories_alone(store: Path, tmp_path: Path) -> None:
    root = copied(store, tmp_path)
    said = ask(root, "status").stdout
    assert "results tables\tnone; histories.yml alone is enough\n" in said
    assert (
        "histories\t4 sources: answers (2 files), marks (1 file), others (1 file), "
        "more (1 file)\n"
    ) in said
    assert "not there" not in said
    assert "docs-index repairs" not in said
    os.utime(root / "exports/marks.jsonl", (2e9, 2e9))
    state = json.loads(ask(root, "status", "--json").stdout)
    assert state["changed_since_build"] == ["exports/marks.jsonl"]
    assert state["next"][0]["command"] == "docs-index plan"
    (root / "histories.yml").write_text("sources:\n  answers: {file: a.jsonl}\n")
    state = json.loads(ask(root, "status", "--json").stdout)
    assert state["histories"] is None
    assert [each["command"] for each in state["next"]] == ["docs-index history check"]


def test_a_hit_on_the_task_id_shows_it(store: Path) -> None:
    hits = printed(store, "search", "mark")["hits"]
    assert [each["snippet"] for each in hits] == ["task id: mark it"]
    [hit] = printed(store, "search", "harbour", "a-1")["hits"]
    assert hit["snippet"] == "A text of a-1."


def test_a_detail_names_each_file_once(store: Path) -> None:
    details = {
        (each["source_csv"], each["row_index"]): each["detail"]
        for name in ("a-1", "a-2", "marks:2")
        for each in why(store, name)
        if each["detail"]
    }
    again = "exports/answers_again.jsonl, record 1: it repeats exports/answers.jsonl, "
    assert (
        details["answers", 5] == "exports/answers.jsonl, record 5: it repeats record 1"
    )
    assert again + "record 2" in details.values()
    assert details["marks", 2].count("exports/answers.jsonl, record 3: ") == 1
    assert "\ncopy\tanswers:5 repeats it: exports/answers.jsonl, record 5\n" in (
        ask(store, "why", "a-1").stdout
    )
