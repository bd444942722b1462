"""`docs-index history init` drafts a mapping, and `check` shows what a file gives."""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from building import REPOSITORY, Process, run, sharing, snapshot
from history_roots import lines, write_root

ANSWERS = lines(
    *(
        {"uuid": f"u{n}", "question_id": n % 2, "model": {"name": "m"}, "tstamp": 1.7e9,
         "text": f"answer {n}", "kind": "chat" if n else "log"}
        for n in range(5)
    ),
    "torn",
)  # fmt: skip


def history(root: Path, *words: str) -> Process:
    script = str(REPOSITORY / "scripts" / "inspect_docs.py")
    return run(root, [sys.executable, script, "history", *words], sharing(root))


def test_a_draft_is_printed_or_added_and_passes_the_check(tmp_path: Path) -> None:
    (tmp_path / "a-b.jsonl").write_text(ANSWERS)
    printed = history(tmp_path, "init", "a-b.jsonl")
    assert printed.stdout == (
        "sources:\n"
        "  a_b:\n"
        '    files: "a-b.jsonl"\n'
        "    # guessed from names: look at each, then run docs-index history check\n"
        "    id: uuid\n"
        "    task_id: question_id\n"
        "    model_id: model.name\n"
        "    response: text\n"
        "    created_at: {from: tstamp, as: epoch}\n"
        "    # keep: [kind]\n"
    )
    assert not (tmp_path / "histories.yml").exists()
    assert history(tmp_path, "init", "a-b.jsonl", "--write").returncode == 0
    assert (tmp_path / "histories.yml").read_text() == printed.stdout
    again = history(tmp_path, "init", "a-b.jsonl", "--write")
    assert again.returncode == 2
    assert "has a source 'a_b'" in again.stderr
    (tmp_path / "c.jsonl").write_text(ANSWERS)
    assert history(tmp_path, "init", "c.jsonl", "--write").returncode == 0
    before = snapshot(tmp_path)
    check = history(tmp_path, "check", "--json")
    assert check.returncode == 0
    assert snapshot(tmp_path) == before
    first, second = json.loads(check.stdout)["sources"]
    assert (first["source"], second["source"]) == ("a_b", "c")
    assert (first["records"], first["unreadable"]) == (5, 1)
    fields = {each["field"]: each for each in first["fields"]}
    assert fields["response"]["examples"] == ["answer 0", "answer 1", "answer 2"]


def test_the_check_tells_of_values_that_no_record_has(tmp_path: Path) -> None:
    write_root(
        tmp_path,
        """
answers:
  files: a.jsonl
  id: [uuid, run]
  prompt: [optional, asked]
  response: text
  model_id: file /(.)/
  where: {kind: chat}
""",
        {"a.jsonl": ANSWERS},
    )
    process = history(tmp_path, "check")
    assert process.returncode == 1
    said = process.stdout.splitlines()
    assert said[:3] == [
        "answers  generation",
        "1 file, 4 records, 1 unreadable, 1 left out by `where`",
        "  a.jsonl, 6: it is not JSON: expecting value at character 1",
    ]
    assert "id\t[uuid, run]\t0\t\t\t" in said
    assert "response\ttext\t4\tanswer 1\tanswer 2\tanswer 3" in said
    assert "model_id\tfile /(.)/\t4\ta\ta\ta" in said
    assert said[-1] == (
        "id: [uuid, run] is in no record: mend it, or write [optional, uuid, run]"
    )


def test_the_check_refuses_what_a_build_refuses(tmp_path: Path) -> None:
    assert "docs-index history init FILE" in history(tmp_path, "check").stderr
    write_root(tmp_path, "a: {files: no.jsonl, response: r}", {})
    process = history(tmp_path, "check")
    assert process.returncode == 2
    assert "line 2: a.files[0]: there is no file 'no.jsonl'" in process.stderr


@pytest.mark.parametrize(
    ("name", "content", "tool"),
    [
        ("a.json", '{"version": 2, "eval": {}, "samples": []}', "inspect"),
        ("a.jsonl", '{"promptIdx": 0, "testIdx": 0}', "promptfoo"),
        ("b.jsonl", '{"custom_id": "x", "response": {"body": {}}}', "openai_batch"),
        ("samples_t_2026-01-02T03-04-05.1.jsonl", "", "lm_eval"),
    ],
)
def test_a_tool_is_told_by_what_it_writes(
    tmp_path: Path, name: str, content: str, tool: str
) -> None:
    (tmp_path / name).write_text(content)
    assert f"    tool: {tool}\n" in history(tmp_path, "init", name).stdout


def test_a_draft_of_a_database_has_a_query(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.execute("create table logs (id, response, yes)")
        database.execute("insert into logs values (1, 'x', 2)")
        database.commit()
    said = history(tmp_path, "init", "a.db").stdout
    assert '    query: select * from "logs"\n    # guessed' in said
    assert '    response: response\n    # keep: ["yes"]\n' in said


def test_a_file_outside_of_the_data_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "a.jsonl").write_text(ANSWERS)
    process = history(tmp_path / "root", "init", str(tmp_path / "a.jsonl"))
    assert process.returncode == 2
    assert "is not in the data root" in process.stderr
