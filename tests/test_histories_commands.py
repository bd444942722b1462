"""`docs-index history init` drafts a mapping, and `check` shows what a file gives."""

import json
import shutil
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
        "    # record 6 cannot be read: it is not JSON: "
        "expecting value at character 1\n"
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
    assert [(each["kind"], each["records"]) for each in first["outcomes"]] == [
        ("generation", 5),
        (None, 1),
    ]


def test_the_check_tells_of_values_that_no_record_has(tmp_path: Path) -> None:
    write_root(
        tmp_path,
        """
answers:
  files: a.jsonl
  id: [uuid, run]
  prompt: [optional, asked]
  response: txt
  model_id: file /(.)/
  where: {kind: chat}
""",
        {"a.jsonl": ANSWERS},
    )
    process = history(tmp_path, "check")
    assert process.returncode == 1
    said = process.stdout.splitlines()
    assert said[:4] == [
        "answers  generation",
        "1 file, 4 records, 1 unreadable, 1 left out by `where`",
        "  a.jsonl",
        "  a.jsonl, 6: it is not JSON: expecting value at character 1",
    ]
    assert "id\t[uuid, run]\t0\t\t\t" in said
    assert "model_id\tfile /(.)/\t4\ta\ta\ta" in said
    assert said[-5:] == [
        "id: [uuid, run] is in no record (run). Correct it; if the value may be "
        "missing, write [optional, uuid, run]",
        "response: txt is in no record; did you mean `text`? Correct it; if the value "
        "may be missing, write [optional, txt]",
        "records have: uuid, question_id, model.name, tstamp, text, kind",
        "",
        "When this is correct, check says what becomes of the records.",
    ]


CHATS = json.dumps(
    [{"chat": "c", "turns": [{"ask": f"q{n}", "reply": f"r{n}"} for n in range(2)]}]
)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            'each: turn, response: [optional, .reply], id: [chat, "#"]',
            ["each: no record has a list `turn`; did you mean `turns`?",
             "records have: chat, turns"],
        ),
        (
            "each: [turns, parts], response: .reply",
            ["each: no record has a list `parts`",
             "the elements of turns have: ask, reply"],
        ),
        (
            "each: turns, response: .Replies",
            ["response: .Replies is in no record; did you mean `.reply`? Correct it; "
             "if the value may be missing, write [optional, .Replies]",
             "the elements of turns have: ask, reply"],
        ),
    ],
)  # fmt: skip
def test_the_check_names_the_list_or_the_elements(
    tmp_path: Path, keys: str, words: list[str]
) -> None:
    sources = f"chats: {{files: chats.json, model_id: = m, {keys}}}"
    write_root(tmp_path, sources, {"chats.json": CHATS})
    process = history(tmp_path, "check")
    assert process.returncode == 1
    said = process.stdout.splitlines()
    assert [line for line in said if ":" in line] == words


def test_the_check_says_what_becomes_of_the_records(tmp_path: Path) -> None:
    """Nothing is said of the fields of a source without records but one sentence."""
    write_root(
        tmp_path,
        """
good:
  {files: [a.csv, "b*.csv"], id: q, response: r, model_id: = m,
  created_at: {from: t, as: epoch}}
ms:
  {files: a.csv, id: q, response: r, model_id: = m,
  created_at: {from: t, as: epoch_ms}}
iso: {files: a.csv, id: q, response: r, model_id: = m, created_at: t}
left: {files: a.csv, response: r, model_id: = m, where: {q: 7}}
array: {files: a.jsonl, response: r, model_id: = m}
nothing: {files: no.csv, response: r, model_id: = m}
""",
        {
            "a.csv": "q,r,t\n1,x,1741600000\n2,y,1741600001\n1,x,1741600000\n",
            "a.jsonl": "[1]\n",
            "no.csv": "",
        },
    )
    before = snapshot(tmp_path)
    process = history(tmp_path, "check")
    assert process.returncode == 1
    assert snapshot(tmp_path) == before
    good, ms, iso, left, array, nothing = process.stdout.rstrip().split("\n\n")
    assert good.splitlines()[1:4] == [
        "1 file, 3 records: 2 generations, 1 rejected",
        "  a.csv",
        "! no file fits b*.csv",
    ]
    assert good.splitlines()[-4:] == [
        "2 generations, 2025-03-10 09:46:40 to 2025-03-10 09:46:41 UTC",
        "  by m (2)",
        "rejected, with the first of each reason",
        "duplicate_row\t1\ta.csv, record 3: it repeats record 1",
    ]
    assert "! the times are before 2000: check `as` of created_at" in ms
    assert "! all 3 records are rejected: nothing of this would be a document" in iso
    assert "\ninvalid_timestamp\t3\ta.csv, record 1: the time is " in iso
    assert left.splitlines()[1:] == [
        "1 file, 0 records, 3 left out by `where`",
        "  a.csv",
        "`where` leaves out all 3 records",
    ]
    assert "no record can be read: nothing to check\n" in array
    assert nothing.splitlines()[1:] == [
        "1 file, 0 records",
        "  no.csv",
        "the files have no record: nothing to check",
    ]


def test_the_check_of_a_tool_opens_what_its_models_read(tmp_path: Path) -> None:
    eval_ = {"run_id": "r", "task": "t", "model": "m", "created": "2026-01-02T03:04:05"}
    log = {"version": 2, "eval": eval_, "status": "success", "samples": []}
    sources = "logs: {tool: inspect, files: '*.json'}"
    write_root(tmp_path, sources, {f"{n}.json": json.dumps(log) for n in range(7)})
    process = history(tmp_path, "check")
    assert process.returncode == 0
    said = process.stdout.splitlines()
    assert said[1:3] == ["7 files: no records", "  0.json"]
    assert said[7:] == ["  … and 2 more"]
    write_root(tmp_path, sources, {"3.json": json.dumps({**log, "version": 9})})
    process = history(tmp_path, "check")
    assert process.returncode == 2
    assert process.stdout == ""
    assert "3.json (logs, tool inspect): log version 9" in process.stderr


def test_a_plan_tells_of_patterns_and_of_sources(tmp_path: Path) -> None:
    sources = "a: {files: [a.csv, '*.json'], id: q, response: r, model_id: = m}"
    sources += "\nb: {files: a.csv, id: q, response: r, model_id: = m, where: {q: 9}}"
    write_root(tmp_path, sources, {"a.csv": "q,r\n1,x\n2,\n"})
    script = str(REPOSITORY / "scripts" / "inspect_docs.py")
    plan = run(tmp_path, [sys.executable, script, "plan"], sharing(tmp_path))
    said = plan.stdout.splitlines()
    assert "! histories.yml, a: no file fits *.json" in said
    assert "a\t1 generation, 1 rejected" in said
    assert "b\tno records" in said
    assert any("histories.yml, b: no record was found" in line for line in said)


def test_the_check_refuses_what_a_build_refuses(tmp_path: Path) -> None:
    assert "history init FILE --write" in history(tmp_path, "check").stderr
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
    assert said.endswith(
        "    id: id\n"
        "    # no column names the model, and each record needs one:\n"
        "    # model_id: = NAME\n"
        "    response: response\n"
        '    # keep: ["yes"]\n'
    )


def test_a_file_outside_of_the_data_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "a.jsonl").write_text(ANSWERS)
    process = history(tmp_path / "root", "init", str(tmp_path / "a.jsonl"))
    assert process.returncode == 2
    assert "is not in the data root" in process.stderr


def drafted(root: Path, name: str, content: str) -> list[str]:
    """Return the lines of a draft, without those of its name and file."""
    write_root(root, "", {name: content})
    process = history(root, "init", name)
    assert process.returncode == 0, process.stderr
    _, _, _, guessed, *mapping = process.stdout.splitlines()
    assert "guessed from names" in guessed
    return [line.strip() for line in mapping]


def test_turns_in_lists_are_drafted_with_each(tmp_path: Path) -> None:
    """A repeated row does not take its id away; lists within lists are gone into."""
    row = {"answer_id": "Sx1", "question_id": 81, "model_id": "gpt-4", "tstamp": 1.7e9}
    row["choices"] = [{"index": 0, "turns": ["a long text", "and another"]}]
    assert drafted(tmp_path, "a.jsonl", lines(row, row)) == [
        "each: [choices, turns]",
        'id: [answer_id, "#"]',
        "# if each of them follows the one before:",
        '# follows: {id: [answer_id, "#-1"]}',
        'task_id: [question_id, "#"]',
        "combo_id: question_id",
        "model_id: model_id",
        "response: .",
        "created_at: {from: tstamp, as: epoch}",
    ]


def test_answers_of_chats_are_drafted_by_their_role(tmp_path: Path) -> None:
    said = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}]
    chats = [{"conversation_id": f"c{n}", "messages": said} for n in range(2)]
    assert drafted(tmp_path, "a.json", json.dumps(chats)) == [
        "each: messages",
        "where: {.role: assistant}",
        "# the roles are user, assistant; no path leads to a prompt",
        'id: [conversation_id, "#"]',
        'task_id: [conversation_id, "#"]',
        "combo_id: conversation_id",
        "# no column names the model, and each record needs one:",
        "# model_id: = NAME",
        "response: .content",
    ]


def test_judgements_by_task_and_model_are_drafted(tmp_path: Path) -> None:
    row = {"question_id": 81, "model": "m", "judge": ["gpt-4", "v1"], "score": 7}
    row["judgment"] = "It is a good text."
    assert drafted(tmp_path, "a.jsonl", lines(row, {**row, "model": "n"})) == [
        "kind: judgement",
        "# name the source of the texts that are judged:",
        "# targets: [{source: NAME, task_id: question_id, model_id: model}]",
        "score: score",
        "# no column is an id of each record: one is made of all values",
        "model_id: judge[0]",
        "response: judgment",
    ]


def test_no_column_is_proposed_that_is_not_there(tmp_path: Path) -> None:
    said = drafted(tmp_path, "a.csv", "n,when\n1,14.3.2025\n2,soon\n")
    assert said == [
        "id: n",
        "# no column names the model, and each record needs one:",
        "# model_id: = NAME",
        "# nothing looks like a text that came back; name it:",
        "# response: NAME",
        '# when has times such as "14.3.2025"; say how:',
        "# created_at: {from: when, as: FORMAT}",
    ]


REFUSED_DRAFTS = {
    "title.csv": ("My ratings,,\na,b,c\n", "begins with a title, 'My ratings'"),
    "short.csv": ("My ratings\na,b,c\n", "begins with a title, 'My ratings'"),
    "semi.csv": ("a;b\n1;2\n", "has ';' between its columns: save it with commas"),
    "twice.csv": ("a,a\n1,2\n", "has the column 'a' twice: correct the file, then"),
    "out.csv": (
        "Grader Reason,Named Scores,Grader Reason\n",
        "is promptfoo's CSV, which has no ids: name its database",
    ),
    "list.jsonl": ('[{"a": 1}]\n', "it is one JSON list, not lines of records"),
    "key.jsonl": ('{"a": 1, "a": 2}\n', "record 1: it has the key 'a' twice"),
    "lines.json": ('{"a": 1}\n{"a": 2}\n', "let its name end with .jsonl"),
    "none.jsonl": ("", "it has no record"),
}


@pytest.mark.parametrize("name", REFUSED_DRAFTS)
def test_a_file_that_cannot_be_drafted_from_says_why(tmp_path: Path, name: str) -> None:
    content, words = REFUSED_DRAFTS[name]
    (tmp_path / name).write_text(content)
    process = history(tmp_path, "init", name)
    assert process.returncode == 2
    assert words in process.stderr
    assert "histories.yml" not in process.stderr


def test_a_tool_has_its_name_and_its_files_of_the_folder(tmp_path: Path) -> None:
    log = json.dumps({"version": 2, "eval": {}, "samples": []})
    files: dict[str, str | bytes] = {f"logs/{n}.json": log for n in range(2)}
    files |= {"mixed/a.json": log, "mixed/b.json": '{"a": 1}'}
    run_of = "out/{}_t_2026-01-02T03-04-05.1.jsonl"
    files |= {run_of.format("samples"): ""}
    write_root(tmp_path, "inspect: {tool: inspect, files: 'x*'}", files)
    assert history(tmp_path, "init", "logs/1.json").stdout == (
        'sources:\n  inspect_2:\n    tool: inspect\n    files: "logs/*.json"\n'
    )
    assert 'files: "mixed/a.json"' in history(tmp_path, "init", "mixed/a.json").stdout
    said = history(tmp_path, "init", run_of.format("samples")).stdout
    assert '    files: "out/samples_*.jsonl"\n' in said
    assert "# results_*.json of the run is not in the folder" in said
    assert history(tmp_path, "init", "logs/1.json", "--write").returncode == 0
    again = history(tmp_path, "init", "logs/0.json", "--write")
    assert again.returncode == 2
    assert "has these files already, in 'inspect_2'" in again.stderr


def test_drafts_of_the_examples_pass_the_check(tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(REPOSITORY / "examples" / "histories" / "exports", root / "exports")
    (root / "histories.yml").write_text("sources:\n")
    for name in ("answers_march.jsonl", "chats.json", "ratings.csv"):
        process = history(root, "init", f"exports/{name}", "--write")
        assert process.returncode == 0, process.stderr
    text = (root / "histories.yml").read_text()
    assert "    targets: [{source: answers_march, id: answer}]\n" in text
    check = history(root, "check", "--json")
    assert check.returncode == 0, check.stderr
    ends = {
        (trial["source"], each["kind"] or each["reason"]): each["records"]
        for trial in json.loads(check.stdout)["sources"]
        for each in trial["outcomes"]
    }
    assert ends == {
        ("answers_march", "generation"): 4,
        ("answers_march", "unreadable_record"): 1,
        ("answers_march", "duplicate_row"): 1,
        ("chats", "generation"): 4,
        ("ratings", "judgement"): 3,
        ("ratings", "unresolved_target"): 1,
    }
