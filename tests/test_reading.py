"""docs-index: what each command finds, shows and refuses; the reader for programs."""

import csv
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from building import (
    REPOSITORY,
    Run,
    copied,
    documents,
    index,
    query,
    report,
    snapshot,
    spoil_schema,
    write,
)
from schemas import fits, schema
from terminal import on_terminal
from typer.testing import CliRunner, Result

from docs_index.apps.cli.app import app
from docs_index.apps.cli.text_fit import cut, cut_apart, width_of, wrapped
from docs_index.apps.cli.text_tables import readable_bytes
from docs_index.errors import DamagedDocumentError, UnknownDocumentError
from docs_index.index.database import SCHEMA_VERSION
from docs_index.index.lineage import lines, tree
from docs_index.index.reader import Documents, open_documents
from docs_index.index.row import LATEST_FIRST, NAMES, Document
from docs_index.resources import sql

ESSAY = "6z2jk819zukzyq1z"
DRAFT = "3c3to3503e0nzx69"
UNPARSED = "50rdbl62rbllf3jt"
SCHEMA = schema("reading.schema.json")
LISTED = ["doc_id", "stage", "created", "template", "model", "status", "task_id"]
COMMANDS = {
    "ls": [],
    "show": [ESSAY],
    "cat": [ESSAY, "--part", "parsed"],
    "search": ["the"],
    "lineage": [ESSAY],
    "why": [ESSAY],
    "gaps": [],
    "stats": [],
    "export": ["--format", "csv"],
}


@pytest.fixture(autouse=True)
def _kept_process() -> Iterator[None]:
    """Commands set signals and a mask for a process of their own."""
    handlers = {
        each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGPIPE)
    }
    mask = os.umask(0o022)
    os.umask(mask)
    yield
    os.umask(mask)
    for each, handler in handlers.items():
        signal.signal(each, handler)


@pytest.fixture(scope="module")
def sample(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample after its run, for tests that add nothing but the search index."""
    return copied(first_run.root, tmp_path_factory.mktemp("reading"))


@pytest.fixture(scope="module")
def long_ids(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample after its run, with task ids that only differ in their middle."""
    root = copied(first_run.root, tmp_path_factory.mktemp("long"))
    with closing(sqlite3.connect(index(root))) as connection, connection:
        connection.execute("drop trigger documents_are_never_updated")
        connection.execute(
            "update documents set task_id = 'of_an_experiment_with_a_long_name_' || "
            "printf('%03d', rowid) || '_' || task_id || '_and_a_long_end_of_its_name', "
            "template_id = template_id || '_with_what_else_people_write_there'"
        )
    return root


def rename(root: Path, task_id: str) -> None:
    """Give the essay another task id, an expression of SQLite."""
    with closing(sqlite3.connect(index(root))) as connection, connection:
        connection.execute("drop trigger documents_are_never_updated")
        connection.execute(
            f"update documents set task_id = {task_id} where doc_id = ?", [ESSAY]
        )


def seen(root: Path, *args: str, columns: int = 80, **environment: str) -> str:
    """Return what a command prints on a terminal, without colours by default."""
    environment = {"DATA_ROOT": str(root), "NO_COLOR": "1"} | environment
    command = [sys.executable, "scripts/inspect_docs.py", *args]
    return on_terminal(command, environment, columns=columns)


def ask(root: Path, *args: str, **environment: str) -> Result:
    environment = {"DATA_ROOT": str(root), "COLUMNS": "80"} | environment
    return CliRunner().invoke(app, list(args), env=environment)


def printed(root: Path, *args: str) -> Any:
    """Return the JSON of a command, which is as the documented schema says."""
    result = ask(root, *args, "--json")
    assert result.exit_code == 0, result.output
    value = json.loads(result.stdout)
    assert fits(value, {**SCHEMA["properties"][args[0]], "$defs": SCHEMA["$defs"]})
    return value


def listed(root: Path, *args: str) -> list[str]:
    return [each["doc_id"] for each in printed(root, "ls", *args)["documents"]]


def ids(root: Path, condition: str) -> list[str]:
    return sorted(each["doc_id"] for each in documents(root, condition))


# What commands find ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "condition"),
    [
        ([], "true"),
        (["--stage", "essay"], "stage = 'essay'"),
        (["--template", "bridge-*"], "template_id like 'bridge-%'"),
        (["--template", "bridge-"], "false"),
        (["--template", "*[v]*"], "false"),
        (["--model", "aurora-7b"], "model_id = 'aurora-7b'"),
        (["--status", "parse_error"], "status = 'parse_error'"),
        (["--run-id", "another"], "false"),
        (["--since", "2025-03-19"], "created_at >= '2025-03-19'"),
        (["--until", "2025-02"], "created_at < '2025-03'"),
        (["--until", "2025-02-17 09:00"], "created_at < '2025-02-17T09:01'"),
        (["--since", "2025-02-17T09:00:00Z"], "created_at >= '2025-02-17T09:00:00'"),
        (["--task", "*_bridge-v0_*"], "instr(task_id, '_bridge-v0_')"),
    ],
)
def test_ls_lists_what_its_options_choose(
    sample: Path, options: list[str], condition: str
) -> None:
    assert sorted(listed(sample, *options)) == ids(sample, condition)


def test_ls_lists_the_newest_first_up_to_its_limit(sample: Path) -> None:
    everything = listed(sample)
    newest = query(sample, "select doc_id from documents order by created_at desc")
    assert everything[:3] == [doc_id for (doc_id,) in newest[:3]]
    assert listed(sample, "--limit", "2") == everything[:2]
    assert printed(sample, "ls", "--limit", "2")["total"] == len(everything)
    assert "2 of 32 documents" in ask(sample, "ls", "--limit", "2").stderr
    assert ask(sample, "ls", "--limit", "0").stderr == ""
    assert listed(sample, "--limit", "9" * 30) == everything


def test_the_latest_are_those_of_the_report(sample: Path, odd_run: Run) -> None:
    for root in (sample, odd_run.root):
        latest = sorted(row["doc_id"] for row in report(root, "latest"))
        assert sorted(listed(root, "--latest")) == latest


def test_show_tells_all_of_a_document(sample: Path) -> None:
    found = printed(sample, "show", ESSAY)
    (row,) = documents(sample, f"doc_id = '{ESSAY}'")
    meta = row.pop("meta_small")
    assert {name: found[name] for name in row} == row
    assert found["meta"] == meta
    assert [each["doc_id"] for each in found["parents"]] == [DRAFT]
    assert [each["stage"] for each in found["children"]] == ["evaluation"]
    assert found["files"]["raw.txt"] == row["raw_bytes"]
    assert sorted(os.listdir(found["directory"])) == list(found["files"])


def test_same_key_are_the_other_attempts(sample: Path) -> None:
    repeated = query(
        sample,
        "select min(doc_id), count(*) from documents group by logical_key_id "
        "having count(*) > 1",
    )
    assert repeated
    for doc_id, attempts in repeated:
        assert len(printed(sample, "show", doc_id)["same_key"]) == attempts - 1


def test_a_document_goes_by_id_prefix_or_task(sample: Path) -> None:
    (row,) = documents(sample, f"doc_id = '{ESSAY}'")
    for name in (ESSAY, ESSAY[:4], row["task_id"]):
        assert printed(sample, "cat", name)["doc_id"] == ESSAY


def test_a_task_is_its_latest_attempt_that_parsed(odd_run: Run) -> None:
    for task_id in ("tied", "latest_without_tags"):
        found = printed(odd_run.root, "cat", task_id)["doc_id"]
        assert [found] == ids(odd_run.root, f"task_id = '{task_id}'")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "no document has the id, the beginning of an id, the task id, "),
        ("", "no document has the id"),
        ("3", "'3' is the beginning of several ids:\n  "),
        ("6z2j\n", "no document has the id"),
    ],
)
def test_a_name_that_means_no_document_is_refused(
    sample: Path, name: str, message: str
) -> None:
    result = ask(sample, "show", name)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_cat_prints_the_bytes_alone(sample: Path) -> None:
    for row in documents(sample):
        path = sample / "docs" / row["doc_dir"] / "raw.txt"
        assert ask(sample, "cat", row["doc_id"]).stdout_bytes == path.read_bytes()
    for part in ("parsed", "prompt"):
        path = next((sample / "docs").rglob(f"{part}.txt"))
        result = ask(sample, "cat", path.parent.name, "--part", part)
        assert result.stdout_bytes == path.read_bytes()


def test_cat_follows_no_link_and_waits_for_no_pipe(ran: Path) -> None:
    first, second, third, *_ = documents(ran)
    outside = ran.parent / "outside"
    folder = ran / "docs" / first["doc_dir"]
    folder.rename(outside)
    folder.symlink_to(outside)
    raw = ran / "docs" / second["doc_dir"] / "raw.txt"
    raw.unlink()
    os.mkfifo(raw)
    (ran / "docs" / third["doc_dir"] / "raw.txt").unlink()
    (ran / "docs" / third["doc_dir"] / "raw.txt").mkdir()
    for row, said in (
        (first, "is reached by a link"),
        (second, "raw.txt is not a regular file"),
        (third, "raw.txt: Is a directory"),
    ):
        result = ask(ran, "cat", row["doc_id"])
        assert (result.exit_code, result.stdout) == (1, "")
        assert said in result.stderr


def test_a_text_that_there_is_not_is_said_so(sample: Path) -> None:
    result = ask(sample, "cat", UNPARSED, "--part", "parsed")
    assert result.exit_code == 2
    assert f"{UNPARSED} has no parsed text: in_last_line could not" in result.stderr
    result = ask(sample, "cat", ESSAY, "--part", "prompt")
    assert (result.exit_code, "has no prompt" in result.stderr) == (2, True)


def test_lineage_is_the_tree_up_and_down(sample: Path) -> None:
    tree = printed(sample, "lineage", ESSAY)["tree"]
    assert tree["doc_id"] == DRAFT
    assert [each["doc_id"] for each in tree["children"]] == [ESSAY]
    below = {each["doc_id"] for each in tree["children"][0]["children"]}
    assert below == set(ids(sample, f"parent_doc_id = '{ESSAY}'")) != set()
    assert len(ask(sample, "lineage", DRAFT).stdout.splitlines()) > 2


Made = tuple[str, str | None, str, str, str]  # doc_id, source, stage, template, model


def covered(
    made: list[Made], rejected: list[tuple[str, str, str]]
) -> list[tuple[str, str, str, int, int]]:
    """Return stage, template, model, documents and rejected rows of the coverage.

    A document without a source is one of a table. A rejected row is given by its
    source, template and model.
    """
    with closing(sqlite3.connect(":memory:")) as empty:
        empty.executescript(sql("index/schema.sql"))
        empty.executescript(sql("index/views.sql"))
        for doc_id, source, *named in made:
            meta = {"source_csv": source or "draft"}
            if source:
                meta["file"] = "a.json"
            row = dict.fromkeys(NAMES, "") | {
                "doc_id": doc_id,
                "doc_dir": doc_id,
                "status": "ok",
                "raw_bytes": 0,
                "raw_chars": 0,
                "parsed_chars": 0,
                "content_hash": "0" * 64,
                "meta_small": json.dumps(meta),
                **dict(zip(("stage", "template_id", "model_id"), named, strict=True)),
            }
            marks = ", ".join("?" * len(row))
            values = list(row.values())
            empty.execute(
                f"insert into documents ({', '.join(row)}) values ({marks})", values
            )
        empty.executemany(
            "insert into bad_generations (row_index, source_csv, reason, detail, "
            "template_id, model_id, run_id) values (?, ?, 'no_text', '', ?, ?, 'r')",
            [(number, *named) for number, named in enumerate(rejected, 1)],
        )
        return sorted(
            empty.execute(
                "select stage, template_id, model_id, documents, bad_rows from coverage"
            ).fetchall()
        )


def test_a_chat_of_thousands_of_turns_has_a_lineage(sample: Path) -> None:
    with open_documents(sample) as documents:
        turn = documents.get(DRAFT)
    turns = [replace(turn, doc_id=f"turn{number}") for number in range(3000)]

    class Chat:
        def parents(self, doc_id: str) -> list[Document]:
            return list(reversed(turns[: int(doc_id.removeprefix("turn"))]))

        def children(self, doc_id: str) -> list[Document]:
            number = int(doc_id.removeprefix("turn"))
            return turns[number + 1 : number + 2]

    node = tree(cast(Documents, Chat()), turns[1500])
    shown = [line for line, *_ in lines(node, "turn1500")]
    assert len(shown) == len(turns)
    assert shown[1].startswith("└─ turn1 ")
    assert shown[12].startswith("13: turn12 ")
    assert shown[-1].startswith("3000: turn2999 ")


def test_a_rejected_record_counts_with_its_template() -> None:
    """It has no stage; and a tool's file holds generations and judgements."""
    found = covered(
        [
            ("d1", "logs", "generation", "task", "m1"),
            ("d2", "logs", "judgement", "match", "code:match"),
        ],
        [
            ("logs", "task", "m2"),
            ("logs", "match", "code:other"),
            ("logs", "new", "m3"),
        ],
    )
    assert [each[:3] for each in found if each[4]] == [
        ("generation", "task", "m2"),
        ("judgement", "match", "code:other"),
        ("logs", "new", "m3"),
    ]


def test_templates_of_one_tool_are_not_asked_of_models_of_another() -> None:
    """Only pairs within one source can be gaps; the four tables are one source."""
    found = covered(
        [
            ("d1", None, "essay", "t1", "m1"),
            ("d2", None, "essay", "t2", "m2"),
            ("d3", "logs", "essay", "t1", "m1"),
            ("d4", "logs", "essay", "t3", "m3"),
            ("d5", "talks", "essay", "t4", "m4"),
        ],
        [("essay", "t2", "m5"), ("talks", "t4", "m6"), ("new", "t7", "m7")],
    )
    there = {("t1", "m1"): 2} | {(f"t{n}", f"m{n}"): 1 for n in (2, 3, 4)}
    asked = {(t, m) for t in ("t1", "t2") for m in ("m1", "m2", "m5")}
    asked |= {(t, m) for t in ("t1", "t3") for m in ("m1", "m3")}
    asked |= {("t4", "m4"), ("t4", "m6")}
    assert {each[1:3]: each[3] for each in found if each[0] == "essay"} == {
        pair: there.get(pair, 0) for pair in asked
    }
    assert [each[1:3] for each in found if each[0] == "new"] == [("t7", "m7")]


def test_a_judge_that_is_no_model_has_no_gaps_with_other_templates() -> None:
    found = covered(
        [
            ("d1", "logs", "judgement", "match", "code:match"),
            ("d2", "logs", "judgement", "length", "code:length"),
            ("d3", "logs", "judgement", "rubric", "judge-1"),
            ("d4", "logs", "judgement", "remark", "human:ines"),
        ],
        [("logs", "remark", "human:omar"), ("logs", "style", "judge-2")],
    )
    assert {each[1:3]: each[3:] for each in found if each[0] == "judgement"} == {
        ("match", "code:match"): (1, 0),
        ("length", "code:length"): (1, 0),
        ("remark", "human:ines"): (1, 0),
        ("remark", "human:omar"): (0, 1),
        ("rubric", "judge-1"): (1, 0),
        ("rubric", "judge-2"): (0, 0),
        ("style", "judge-1"): (0, 0),
        ("style", "judge-2"): (0, 1),
    }


def test_gaps_are_the_pairs_without_a_document_that_parsed(sample: Path) -> None:
    def pairs(*args: str) -> set[tuple[str, str, str]]:
        names = ("stage", "template_id", "model_id")
        return {
            (each[names[0]], each[names[1]], each[names[2]])
            for each in printed(sample, "gaps", *args)["gaps"]
        }

    rows = documents(sample) + [
        dict(zip(("stage", "template_id", "model_id"), bad, strict=True))
        for bad in query(
            sample,
            "select replace(source_csv, 'link', 'draft'), template_id, model_id "
            "from bad_generations where template_id is not null",
        )
    ]
    seen = {(row["stage"], row["template_id"], row["model_id"]) for row in rows}
    possible = {
        (stage, template, model)
        for stage, template, _ in seen
        for other, _, model in seen
        if stage == other
    }
    parsed = {
        (row["stage"], row["template_id"], row["model_id"])
        for row in documents(sample, "status = 'ok'")
    }
    assert pairs("--all") == possible
    assert pairs() == possible - parsed != set()


def test_stats_add_up(sample: Path) -> None:
    found = printed(sample, "stats")
    rows = documents(sample)
    assert found["total"]["documents"] == len(rows)
    assert found["total"]["raw_bytes"] == sum(row["raw_bytes"] for row in rows)
    for name in ("stage", "template", "model", "month", "run_id"):
        groups = found[f"by_{name}"]
        for column, total in found["total"].items():
            assert sum(group[column] for group in groups) == total, name
    assert {each["reason"]: each["rows"] for each in found["bad_rows"]} == dict(
        query(sample, "select reason, count(*) from bad_generations group by 1")
    )
    assert found["scores"] is None


def test_stats_have_the_scores_of_documents_by_template(sample: Path) -> None:
    scored = documents(sample, "score is not null")
    [found] = printed(sample, "stats")["document_scores"]
    numbers = [row["score"] for row in scored]
    assert found == {
        "stage": "evaluation",
        "template_id": scored[0]["template_id"],
        "scores": len(numbers),
        "mean": pytest.approx(sum(numbers) / len(numbers)),
        "least": min(numbers),
        "most": max(numbers),
    }
    assert "\ndocument scores\n" in ask(sample, "stats").stdout


def test_stats_sum_up_scores_where_there_is_a_table(ran: Path) -> None:
    rows = ["score,evaluation_template,evaluation_model"]
    rows += [f"{score},t,m" for score in ("4", " 7.0\t", "", "nan", "none")]
    rows[1] = "4, t,m "
    table = "\ufeff" + "\n".join(rows)
    write(ran, "7_cross_experiment/parsed_scores.csv", table)
    (scores,) = printed(ran, "stats")["scores"]
    assert scores == {
        "template_id": "t", "model_id": "m", "scores": 2, "mean": 5.5, "least": 4.0,
        "most": 7.0,
    }  # fmt: skip
    write(ran, "7_cross_experiment/parsed_scores.csv", 'score\n"' + "4" * (2**24 + 1))
    result = ask(ran, "stats")
    assert result.exit_code == 2
    assert "parsed_scores.csv cannot be read" in result.stderr


@pytest.mark.parametrize("row", ["5,t", "5,t,m,"])
def test_a_table_of_scores_is_taken_whole_or_not_at_all(ran: Path, row: str) -> None:
    table = f"score,evaluation_template,evaluation_model\n4,t,m\n{row}\n"
    write(ran, "7_cross_experiment/parsed_scores.csv", table)
    result = ask(ran, "stats")
    assert result.exit_code == 2
    assert "parsed_scores.csv is refused: line 3 " in result.stderr


# Search ------------------------------------------------------------------------------


def found_by(root: Path, *args: str) -> set[str]:
    return {each["doc_id"] for each in printed(root, "search", *args)["hits"]}


def test_search_finds_all_words_beginnings_and_phrases(sample: Path) -> None:
    texts = {
        row["doc_id"]: (sample / "docs" / row["doc_dir"] / name).read_text().lower()
        for row in documents(sample)
        for name in ["parsed.txt" if row["status"] == "ok" else "raw.txt"]
    }
    every = ("--limit", "0")
    suitcases = {doc_id for doc_id, text in texts.items() if "suitcase" in text}
    assert found_by(sample, "SUITCASE*", *every) == suitcases != set()
    assert found_by(sample, "brown suitcase", *every) == {
        doc_id for doc_id, text in texts.items() if "brown suitcase" in text
    }
    both = {doc_id for doc_id in suitcases if "snail" in texts[doc_id]}
    assert found_by(sample, "snail", "suitcase", *every) == both != set()
    assert found_by(sample, "suitcase*", "--stage", "draft", *every) == suitcases & set(
        ids(sample, "stage = 'draft'")
    )
    assert len(found_by(sample, "the", "--limit", "2")) == 2
    task = "a93f52"
    assert not [text for text in texts.values() if task in text]
    assert found_by(sample, task, *every) == set(
        ids(sample, f"task_id like '%{task}%'")
    )


@pytest.mark.parametrize(
    "word", ['"', "*", "a OR", "-x", "x'; drop", "(", "NEAR(", ":"]
)
def test_no_word_is_syntax(sample: Path, word: str) -> None:
    assert ask(sample, "search", "--", word).exit_code == 0


def test_the_search_index_follows_the_documents(ran: Path) -> None:
    assert "32 documents taken" in ask(ran, "search", "the").stderr
    assert ask(ran, "search", "the").stderr == ""
    assert "32 documents taken" in ask(ran, "search", "--build").stderr
    search_index = ran / "db" / "documents.search.sqlite"
    before = found_by(ran, "suitcase*")
    with closing(sqlite3.connect(search_index)) as connection, connection:
        connection.execute("delete from texts where doc_id = ?", [ESSAY])
        connection.execute(
            "insert into texts values ('gone', 't', 'suitcase')"
        )  # of an index that was replaced
    result = ask(ran, "search", "suitcase*", "--json")
    assert "1 documents taken" in result.stderr
    with closing(sqlite3.connect(search_index)) as connection:
        held = connection.execute("select count(*) from texts").fetchone()
        assert held == (len(documents(ran)),)
    assert {each["doc_id"] for each in json.loads(result.stdout)["hits"]} == before
    with closing(sqlite3.connect(search_index)) as connection, connection:
        connection.execute("pragma user_version = 99")
    assert found_by(ran, "suitcase*") == before
    search_index.unlink()
    assert found_by(ran, "suitcase*") == before


def test_what_cannot_be_read_is_said_and_searched_once_it_is_there(ran: Path) -> None:
    before = found_by(ran, "suitcase*")
    (ran / "db" / "documents.search.sqlite").unlink()
    doc_id = sorted(before)[0]
    folder = documents(ran, f"doc_id = '{doc_id}'")[0]["doc_dir"]
    parsed = ran / "docs" / folder / "parsed.txt"
    parsed.rename(ran / "away")
    for _ in range(2):
        result = ask(ran, "search", "suitcase*", "--json")
        assert result.exit_code == 1
        assert "1 documents cannot be read, so they are not searched" in result.stderr
        hits = {each["doc_id"] for each in json.loads(result.stdout)["hits"]}
        assert hits == before - {doc_id}
    (ran / "away").rename(parsed)
    assert found_by(ran, "suitcase*") == before


def test_a_file_in_place_of_the_search_index_is_left_alone(ran: Path) -> None:
    search_index = ran / "db" / "documents.search.sqlite"
    search_index.write_text("of somebody else " * 100)
    result = ask(ran, "search", "the")
    assert result.exit_code == 2
    assert "delete it" in result.stderr
    search_index.unlink()
    with closing(sqlite3.connect(search_index)) as connection:
        connection.execute("create table theirs (a)")
    content = search_index.read_bytes()
    result = ask(ran, "search", "the")
    assert (result.exit_code, "another program" in result.stderr) == (2, True)
    assert search_index.read_bytes() == content


# Export ------------------------------------------------------------------------------


def test_exports_hold_the_same_rows(ran: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(index(ran))) as connection, connection:
        connection.execute("drop trigger documents_are_never_updated")
        odd = "update documents set task_id = 'a' || char(13) || 'é' where doc_id = ?"
        connection.execute(odd, [ESSAY])
    wanted = query(ran, "select * from documents order by rowid")
    text = ask(ran, "export", "--format", "csv").stdout_bytes.decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert rows == [["" if v is None else str(v) for v in row] for row in wanted]
    lines = ask(ran, "export", "--format", "jsonl", "--texts").stdout.splitlines()
    objects = [json.loads(line) for line in lines]
    assert [tuple(each.values())[:-3] for each in objects] == wanted
    raw = {row["doc_id"]: ran / "docs" / row["doc_dir"] for row in documents(ran)}
    for each in objects:
        assert (
            each["raw_text"].encode() == (raw[each["doc_id"]] / "raw.txt").read_bytes()
        )
        assert (each["parsed_text"] is None) == (each["status"] == "parse_error")
    output = tmp_path / "it's.parquet"
    args = ("export", "--format", "parquet", "--output", str(output))
    assert printed(ran, *args)["documents"] == len(wanted)
    with duckdb.connect() as db:
        assert db.read_parquet(str(output)).fetchall() == wanted
    assert [path.name for path in tmp_path.glob("*.parquet*")] == [output.name]


def test_exports_take_filters_and_write_over_nothing(ran: Path, tmp_path: Path) -> None:
    output = tmp_path / "latest.jsonl"
    args = ("export", "--format", "jsonl", "--latest", "--output", str(output))
    assert ask(ran, *args).exit_code == 0
    lines = output.read_text().splitlines()
    latest = sorted(row["doc_id"] for row in report(ran, "latest"))
    assert sorted(json.loads(line)["doc_id"] for line in lines) == latest
    output.write_text("theirs")
    result = ask(ran, *args)
    assert (result.exit_code, "pass --replace" in result.stderr) == (2, True)
    assert output.read_text() == "theirs"
    assert ask(ran, *args, "--replace").exit_code == 0
    assert output.read_text().splitlines() == lines
    assert ask(ran, "export", "--format", "parquet").exit_code == 2


# How commands show, and end ----------------------------------------------------------


def test_nothing_but_the_search_index_is_written(ran: Path) -> None:
    before = snapshot(ran)
    for command, args in COMMANDS.items():
        result = ask(ran, command, *args)
        assert result.exit_code == 0, result.output
    after = snapshot(ran)
    assert after.keys() - before.keys() == {"db/documents.search.sqlite"}
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {"db"}  # a file was added to it


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_output_fits_a_terminal(long_ids: Path, columns: int) -> None:
    for command, args in COMMANDS.items():
        if command in ("cat", "export"):
            continue
        lines = seen(long_ids, command, *args, columns=columns).splitlines()
        assert lines, command
        for line in lines:  # a path or an id is whole in a sentence, to be copied
            assert width_of(line) <= columns or len(line.split()) == 1, command
        assert not any("\x1b" in line for line in lines), command


def test_a_list_shows_whole_ids_and_what_tells_rows_apart(long_ids: Path) -> None:
    doc_ids = [each["doc_id"] for each in printed(long_ids, "ls")["documents"]]
    for columns in (60, 80, 300):
        head, *lines = seen(long_ids, "ls", columns=columns).splitlines()
        assert [line.split()[0] for line in lines] == doc_ids
        tasks = [line.split()[-1] for line in lines]
        assert len(set(tasks)) == len(lines), tasks
        assert head.split()[:3] == ["doc_id", "stage", "created"]
    assert head.split()[3:] == ["template", "model", "status", "task_id"]
    assert not any("…" in line for line in lines)


def test_a_status_is_listed_on_a_terminal_if_one_has_failed(sample: Path) -> None:
    head, *lines = seen(sample, "ls").splitlines()
    assert head.split()[5] == "status"
    assert [line.split()[0] for line in lines if " error " in line] == [UNPARSED]
    assert "status" not in seen(sample, "ls", "--stage", "essay")


def test_a_pipe_gets_whole_fields_between_tabs(long_ids: Path) -> None:
    with closing(sqlite3.connect(index(long_ids))) as connection:
        wanted = connection.execute(
            "select doc_id, stage, created_at, template_id, model_id, status, task_id "
            f"from documents order by {LATEST_FIRST}"
        ).fetchall()
    for columns in ("40", "500"):
        shown = ask(long_ids, "ls", COLUMNS=columns).stdout.splitlines()
        head, *rows = (line.split("\t") for line in shown)
        assert head == LISTED
        assert [tuple(row) for row in rows] == wanted
    command = '"$0" scripts/inspect_docs.py ls | cut -f1'
    cut_out = subprocess.run(
        ["bash", "-c", command, sys.executable],
        cwd=REPOSITORY, env={**os.environ, "DATA_ROOT": str(long_ids)},
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout.split()  # fmt: skip
    assert cut_out == ["doc_id", *(row[0] for row in wanted)]


def test_a_row_in_a_pipe_is_one_line_whatever_it_holds(ran: Path) -> None:
    rename(ran, "'a' || char(9) || 'b' || char(10) || char(13) || 'c' || char(8232)")
    (row,) = (
        line for line in ask(ran, "ls").stdout.split("\n") if line.startswith(ESSAY)
    )
    assert row.split("\t")[6:] == [r"a\tb\n\rc\u2028"]
    for command, args in COMMANDS.items():
        if command in ("cat", "export"):
            continue
        for line in ask(ran, command, *args).stdout.split("\n"):
            assert line.isprintable() or line.replace("\t", "").isprintable(), command


def test_numbers_in_a_pipe_have_no_separators(ran: Path) -> None:
    with closing(sqlite3.connect(index(ran))) as connection, connection:
        connection.execute("drop trigger documents_are_never_updated")
        connection.execute("update documents set raw_bytes = 1234567")
    total = ask(ran, "stats").stdout.split("\n\n")[0].splitlines()
    values = dict(zip(total[1].split("\t"), total[2].split("\t"), strict=True))
    assert values["raw_bytes"] == str(32 * 1234567)
    assert "raw_bytes\t1234567\n" in ask(ran, "show", ESSAY).stdout
    assert "  39.5 MB  " in seen(ran, "stats")
    assert "raw_bytes  1.23 MB\n" in seen(ran, "show", ESSAY)


def test_a_pipe_has_a_header_without_rows(sample: Path) -> None:
    for command, head in (
        ("ls --task nothing", LISTED),
        ("search nothing_has_this", ["doc_id", "stage", "task_id", "template"]),
    ):
        result = ask(sample, *command.split())
        (line,) = result.stdout.splitlines()
        assert line.split("\t")[: len(head)] == head
        assert result.stderr.count("\n") >= 1
        assert seen(sample, *command.split()) == ""


def test_a_hit_in_a_pipe_is_one_line(sample: Path) -> None:
    head, *hits = ask(sample, "search", "suitcase*").stdout.splitlines()
    assert head.split("\t")[-1] == "excerpt"
    assert len(hits) == len(found_by(sample, "suitcase*")) == 2
    for line in hits:
        assert len(line.split("\t")) == len(head.split("\t"))
        assert "suitcase" in line.split("\t")[-1]


def test_a_branch_of_a_tree_keeps_its_id_in_a_narrow_terminal(long_ids: Path) -> None:
    for line in seen(long_ids, "lineage", ESSAY, columns=40).splitlines():
        assert re.search("(^| )[0-9a-z]{16} ", line)
        assert width_of(line) <= 40


def test_what_a_terminal_would_obey_is_escaped(ran: Path) -> None:
    rename(ran, "'a' || char(27) || '[31m' || char(8238)")
    for command in ("ls", "show", "lineage"):
        args = [ESSAY] if command != "ls" else []
        for options in ([], ["--json"]):
            for shown in (
                ask(ran, command, *args, *options).stdout,
                seen(ran, command, *args, *options),
            ):
                assert "\x1b" not in shown
                assert "\u202e" not in shown
    assert printed(ran, "show", ESSAY)["task_id"] == "a\x1b[31m\u202e"


def test_texts_are_cut_in_their_middle_by_the_columns_they_take() -> None:
    assert cut("abcdefghij", 10) == "abcdefghij"
    assert cut("abcdefghij", 7) == "abc…hij"
    for text in ("東京" * 20, "e\u0301" * 40, "plain" * 20):
        for width in (8, 9, 30):
            assert 0 < width_of(cut(text, width)) <= width
    assert width_of("東京") == 4
    assert cut("a" + "x" * 3_000_000 + "z", 5) == "ax…xz"


def test_texts_that_differ_look_different_when_they_are_cut() -> None:
    texts = [f"the_same_beginning_{n}_and_the_same_end" for n in range(90)]
    assert len(set(cut_apart(texts, 12))) == 90
    assert cut_apart(["a" * 30, "b" * 30], 9) == ["aaaa…aaaa", "bbbb…bbbb"]
    kinds = ["x", "y"] * 2  # which also are seen
    middles = ("1-x", "1-y", "2-x", "2-y")
    texts = [f"{'s' * 9}{middle}{'e' * 9}" for middle in middles]
    cells = cut_apart(texts, 8, kinds)
    assert len(set(zip(cells, kinds, strict=True))) == 4
    for text in ("東京" * 20 + "a", "東京" * 20 + "b", "x" * 3_000_000):
        assert all(width_of(each) <= 9 for each in cut_apart([text, text + "c"], 9))


def test_a_text_is_wrapped_by_the_columns_it_takes() -> None:
    text = "東京" * 30 + " and " + "x" * 30
    lines = wrapped(text, 20)
    assert "".join(lines) == text.replace(" ", "")
    assert max(map(width_of, lines)) <= 20
    assert wrapped("a" * 30 + " b", 20, breaks_words=False) == ["a" * 30, "b"]
    assert readable_bytes(999) == "999 B"
    assert [readable_bytes(n) for n in (1000, 99_949, 999_500)] == [
        "1.00 kB", "99.9 kB", "1.00 MB",
    ]  # fmt: skip


def test_colours_are_for_terminals_that_want_them(sample: Path) -> None:
    assert "\x1b[" in seen(sample, "ls", NO_COLOR="")
    assert "\x1b[" not in seen(sample, "ls", NO_COLOR="1")
    assert "\x1b[" not in ask(sample, "ls", NO_COLOR="").stdout


def test_cat_keeps_a_terminal_from_obeying_a_text(ran: Path) -> None:
    (row,) = documents(ran, f"doc_id = '{ESSAY}'")
    (ran / "docs" / row["doc_dir"] / "raw.txt").write_text("a\x1b[31mb\tc\n")
    assert seen(ran, "cat", ESSAY) == "a\\x1b[31mb\tc\n"


def test_a_pipe_that_closes_early_is_no_error(sample: Path) -> None:
    process = subprocess.run(
        [
            "bash", "-c",
            '"$0" scripts/inspect_docs.py export --format jsonl --texts | head -c 1',
            sys.executable,
        ],
        cwd=REPOSITORY, env={**os.environ, "DATA_ROOT": str(sample)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert process.stderr == ""


def test_only_parquet_imports_more_than_the_standard_library_and_typer(
    sample: Path,
) -> None:
    program = f"""
import sys
from typer.testing import CliRunner
from docs_index.apps.cli.app import app
import docs_index.index.writer
for command, args in {COMMANDS!r}.items():
    result = CliRunner().invoke(app, [command, *args])
    assert result.exit_code == 0, result.output
heavy = {{"dbt", "dagster", "pandas", "duckdb", "numpy", "rich",
         "duckdb_extension_sqlite_scanner"}}
print(sorted(heavy & {{name.partition(".")[0] for name in sys.modules}}))
"""
    environment = {**os.environ, "DATA_ROOT": str(sample)}
    said = subprocess.run(
        [sys.executable, "-c", program],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (said.stdout, said.stderr) == ("[]\n", "")


def test_the_reader_and_the_writer_need_the_standard_library_alone() -> None:
    program = (
        f"import sys; sys.path.append({str(REPOSITORY / 'src')!r}); "
        "import docs_index.index.reader, docs_index.index.writer, docs_index.index.ids"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True)


@pytest.mark.slow
def test_a_shell_completes_commands_options_and_values(sample: Path) -> None:
    def completed(words: str) -> list[str]:
        environment = {
            **os.environ,
            "DATA_ROOT": str(sample),
            "_DOCS_INDEX_COMPLETE": "complete_bash",
            "COMP_WORDS": f"docs-index {words}",
            "COMP_CWORD": str(len(words.split(" "))),
        }
        program = str(Path(sys.executable).with_name("docs-index"))
        return subprocess.run(
            [program],
            env=environment, capture_output=True, text=True, check=False, timeout=60,
        ).stdout.split()  # fmt: skip

    assert completed("li") == ["lineage"]
    assert "--template" in completed("ls --te")
    assert completed("ls --stage e") == ["essay", "evaluation"]
    assert completed(f"show {ESSAY[:5]}") == [ESSAY]
    sample = sample / "nowhere"
    assert completed("ls --stage e") == []


def test_an_index_that_cannot_be_read_says_what_to_do(ran: Path) -> None:
    def refusal(code: int = 2) -> str:
        for command, args in COMMANDS.items():
            result = ask(ran, command, *args)
            assert (result.exit_code, result.stdout) == (code, ""), command
            assert result.stderr.count("\n") == 1
        return result.stderr

    def set_version(version: int) -> None:
        with closing(sqlite3.connect(index(ran))) as connection:
            connection.execute(f"pragma user_version = {version}")

    set_version(1)
    assert "has schema version 1" in (older := refusal())
    assert "start a new index" in older
    set_version(99)
    assert "use the program that made it" in refusal()
    set_version(SCHEMA_VERSION)
    with closing(sqlite3.connect(index(ran))) as connection:
        connection.execute("alter table documents rename column status to state")
    assert "status; docs-index verify says" in refusal()
    spoil_schema(index(ran))
    assert "documents.sqlite is damaged; move it away" in refusal()
    index(ran).write_text("no database " * 100)
    assert "move it away" in refusal()
    index(ran).unlink()
    assert "run `docs-index run`" in refusal()
    shutil.rmtree(ran)
    assert "is not a folder: set DATA_ROOT" in refusal()


@pytest.mark.parametrize(
    "args",
    [
        ["ls", "--since", "yesterday"],
        ["ls", "--since", "2025-13"],
        ["ls", "--until", "2025-02-30"],
        ["ls", "--stage", "Essays"],
        ["export", "--format", "csv", "--status", "error"],
        ["ls", "--limit", "-1"],
        ["search"],
        ["cat", ESSAY, "--part", "all"],
        ["export"],
        ["nothing"],
    ],
)
def test_wrong_usage_ends_with_2(sample: Path, args: list[str]) -> None:
    result = ask(sample, *args)
    assert (result.exit_code, result.stdout) == (2, "")


def test_every_command_has_a_schema_an_example_and_a_line_on_its_page() -> None:
    page = (REPOSITORY / "docs/reading.md").read_text()
    assert set(SCHEMA["properties"]) == set(COMMANDS)
    for command in COMMANDS:
        shown = ask(Path("/"), command, "--help").stdout
        assert f"Example: docs-index {command}" in shown
        assert f"| `{command}" in page


def test_the_examples_for_programs_run(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ran.parent / "data").symlink_to(ran)
    monkeypatch.chdir(ran.parent)
    page = (REPOSITORY / "docs/reading.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, {})
    assert len(documents(ran, "run_id = 'autumn'")) == 1


# The reader for programs -------------------------------------------------------------


def test_programs_read_by_id_task_and_key(sample: Path, odd_run: Run) -> None:
    for root in (sample, odd_run.root):
        with open_documents(root) as reader:
            for row in report(root, "latest"):
                latest = reader.latest_by_key(row["stage"], row["logical_key_id"])
                assert latest is not None
                assert latest.doc_id == row["doc_id"]
                assert reader.get(row["doc_id"]) == latest
    with open_documents(sample) as reader:
        assert reader.latest_by_task("draft", "nothing") is None
        assert reader.find("nothing") is None
        with pytest.raises(UnknownDocumentError, match="no document 'nothing'"):
            reader.get("nothing")
        essay = reader.get(ESSAY)
        assert reader.latest_by_task("essay", essay.task_id) == essay
        assert reader.latest_by_task("draft", essay.task_id) is None
        assert essay.combo_id == "combo_v1_2be8d6"


def test_the_order_of_the_latest_is_that_of_the_report() -> None:
    latest_first = [
        ("2025-02", 1, "link", "d"),
        ("2025-01", 10, "link", "c"),
        ("2025-01", 9, "draft", "z"),
        ("2025-01", 9, "link", "a"),
        ("2025-01", None, "runtime", "b"),
        ("2025-01", None, "runtime", "y"),
    ]
    rows = [
        (made, json.dumps({"row_index": place, "source_csv": source}), doc_id)
        for made, place, source, doc_id in reversed(latest_first)
    ]
    models = REPOSITORY / "models"
    report = (models / "plan/documents_latest_report.sql").read_text()
    of_report = re.search(r"order by(.*?)\) as rank", report, re.DOTALL)
    assert of_report
    columns = ", ".join(f"{name} text" for name in NAMES)
    values = "(created_at, meta_small, doc_id) values (?, ?, ?)"
    with closing(sqlite3.connect(":memory:")) as lite, duckdb.connect() as db:
        lite.execute(f"create table documents ({columns})")
        lite.executemany(f"insert into documents {values}", rows)
        db.execute(f"create table documents ({columns})")
        db.executemany(f"insert into documents {values}", rows)
        staged = (models / "staging/stored/stg_stored__documents.sql").read_text()
        source = '{{ source("stored", "documents") }}'
        db.execute(f"create table indexed as {staged.replace(source, 'documents')}")
        for found in (
            lite.execute(f"select doc_id from documents order by {LATEST_FIRST}"),
            db.execute(f"select doc_id from indexed order by {of_report[1]}"),
        ):
            ordered = [doc_id for (doc_id,) in found.fetchall()]
            assert ordered == [row[-1] for row in latest_first]


def test_the_latest_of_a_task_is_not_one_that_failed(odd_run: Run) -> None:
    with open_documents(odd_run.root) as reader:
        assert reader.latest_by_task("draft", "latest_without_tags") is None
        (failed,) = documents(odd_run.root, "task_id = 'latest_without_tags'")
        assert reader.read_parsed(reader.get(failed["doc_id"])) is None


def test_programs_walk_up_and_down(sample: Path) -> None:
    with open_documents(sample) as reader:
        for row in documents(sample):
            chain = [each.doc_id for each in reader.parents(row["doc_id"])]
            assert chain[:1] == [each for each in [row["parent_doc_id"]] if each]
            for above, below in zip(chain[1:], chain, strict=False):
                assert reader.get(below).parent_doc_id == above
            children = [each.doc_id for each in reader.children(row["doc_id"])]
            assert sorted(children) == ids(sample, f"parent_doc_id = '{row['doc_id']}'")


def test_programs_read_texts_as_they_are(ran: Path) -> None:
    with open_documents(ran) as reader:
        for row in documents(ran):
            folder = ran / "docs" / row["doc_dir"]
            document = reader.get(row["doc_id"])
            assert (
                reader.read_raw(document).encode() == (folder / "raw.txt").read_bytes()
            )
            parsed = reader.read_parsed(document)
            assert (parsed is None) == (row["status"] == "parse_error")
            prompt = reader.read_prompt(document)
            assert (prompt is not None) == (folder / "prompt.txt").exists()
        essay = reader.get(ESSAY)
        path = ran / "docs" / essay.doc_dir / "raw.txt"
        path.write_bytes(b"\xff")
        with pytest.raises(DamagedDocumentError, match="is not UTF-8"):
            reader.read_raw(essay)
        path.unlink()
        path.symlink_to("/etc/hostname")
        with pytest.raises(DamagedDocumentError, match="docs-index verify"):
            reader.read_raw(essay)
    assert ask(ran, "cat", ESSAY).exit_code == 1


def test_no_row_leads_a_reader_out(ran: Path) -> None:
    write(ran, "secret/raw.txt", "secret")
    with open_documents(ran) as reader:
        led_out = replace(reader.get(ESSAY), doc_dir="../secret")
        with pytest.raises(DamagedDocumentError, match="is not a document's directory"):
            reader.read_raw(led_out)


def test_a_reader_cannot_write(sample: Path) -> None:
    with (
        open_documents(sample) as reader,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        reader.connection.execute("delete from documents")
