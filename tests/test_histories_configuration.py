"""`histories.yml` is read as it is meant, or refused with all that is wrong with it."""

import json
import re
from pathlib import Path

import pytest
from history_roots import chosen, lines, table, tables, write_root

from docs_index.data_roots import has_input, is_data_root
from docs_index.errors import DataRootError
from docs_index.layout import open_layout, refuse_without_input
from docs_index.warehouse.histories.schema import FILE, json_schema

FILES: dict[str, str | bytes] = {
    "a.jsonl": lines({"text": "x"}),
    "b.csv": "text\nx\n",
    "c.db": b"",
    "d.txt": "",
}


def refusal(root: Path, text: str) -> list[str]:
    """Return the lines of the refusal of a `histories.yml`."""
    write_root(root, "", FILES)
    (root / "histories.yml").write_text(text, encoding="utf-8")
    with pytest.raises(DataRootError) as refused:
        table(root, "sources")
    return str(refused.value).splitlines()


def test_sources_have_their_keys_and_lines(tmp_path: Path) -> None:
    write_root(
        tmp_path,
        """
chats:
  tool: openai_batch
  files: '*.jsonl'
  stage: draft
grades:
  files: b.csv
  kind: judgement
  response: text
  parser: in_last_line
  created_at: {from: t, as: "%Y", zone: Europe/Berlin}
  status: {from: s, success: [OK, 200]}
  targets: [{source: essay, id: x}]
""",
        FILES,
    )
    [chats, grades] = table(tmp_path, "sources")
    assert chats == {
        "source_csv": "chats", "number": 1, "line": 2, "tool": "openai_batch",
        "kind": None, "stage": "draft", "parser": None, "time_form": None,
        "time_zone": "UTC", "success": None, "unmatched": "[]",
    }  # fmt: skip
    assert grades == {
        "source_csv": "grades", "number": 2, "line": 6, "tool": None,
        "kind": "judgement", "stage": None, "parser": "in_last_line",
        "time_form": "%Y", "time_zone": "Europe/Berlin", "success": '["ok", "200"]',
            "unmatched": "[]",
    }  # fmt: skip


def test_fields_say_what_each_value_is_made_of(tmp_path: Path) -> None:
    write_root(
        tmp_path,
        """
answers:
  files: a.jsonl
  each: turns
  id: [answer, "#"]
  model_id: file /(.)/
  template_id: = plain
  task_id: [optional, answer]
  response: .text
  follows: {id: [answer, "#-1"]}
  keep: [a.b, answer]
  where: {kind: [chat, 1, true, null]}
""",
        FILES,
    )
    rows = table(tmp_path, "fields")
    assert chosen(rows, "field", "part", "kind", "text", "is_optional") == [
        ("id", 1, "column", "v1", False),
        ("id", 2, "column", "v2", False),
        ("task_id", 1, "column", "v1", True),
        ("template_id", 1, "constant", "plain", False),
        ("model_id", 1, "file", "(.)", False),
        ("response", 1, "column", "v3", False),
        ("follows.id", 1, "column", "v1", False),
        ("follows.id", 2, "column", "v4", False),
        ("keep.a.b", 1, "json", "v5", False),
        ("keep.answer", 1, "json", "v6", False),
        ("where.1", 1, "column", "v7", False),
    ]
    assert rows[-1]["accepted"] == '["chat", "1", "true", null]'
    assert rows[0]["value"] == "[answer, #]"


def test_all_faults_are_told_at_once_with_lines_and_keys(tmp_path: Path) -> None:
    said = refusal(
        tmp_path,
        "sources:\n"
        "  answers:\n"
        "    files: a.jsonl\n"
        "    kind: judgment\n"
        "    respons: text\n"
        "    score: 12\n"
        "    score: y\n"
        "  grades: {files: a.jsonl, kind: judgement, response: text}\n",
    )
    assert said == [
        f"{tmp_path}/histories.yml has 5 faults; nothing was written:",
        "  line 4: answers.kind: 'judgment' is no kind: it is one of generation, "
        "judgement",
        "  line 5: answers.respons: the key 'respons' is not known; did you mean "
        "'response'?",
        "  line 6: answers.score: 12 is a number, a truth value or a date: write "
        "'= 12' for a constant, or '12' in quotes for a column",
        "  line 7: 'score' is there already, in line 6: take one out",
        "  line 8: grades.kind: a judgement needs `targets`, the records that it "
        "judges",
    ]


def test_no_more_than_ten_faults_are_told(tmp_path: Path) -> None:
    said = refusal(
        tmp_path, "sources:\n" + "".join(f"  S{n}: {{}}\n" for n in range(9))
    )
    assert len(said) == 12
    assert said[-1] == "  ... and 8 more"


FAULTS = {
    "a: [": "it is not YAML: ",
    "": "write `sources:`",
    "sources:": "name a source below",
    "a: &x [*x]": "an alias leads in a circle",
    "sources: {A: {files: a.jsonl, response: r}}": "'A' is no name of a source",
    "sources: {runtime: {files: a.jsonl, response: r}}": "take another",
    "sources: {a: }": "a has no keys",
    "sources: {a: {files: a.jsonl, response: }}": "a.response: it has no value",
    "sources: {a: {tool: inspekt, files: a.jsonl}}": "'inspekt' is no tool",
    "sources: {a: {tool: llm, files: c.db, id: x}}": "take out `id`, or `tool`",
    "sources: {a: {tool: llm, files: a.jsonl}}": "files of llm end with .db, .sqlite",
    "sources: {a: {files: a.jsonl}}": "name the `response`, or the `score`",
    "sources: {a: {files: a.jsonl, response: r, targets: [{id: x}]}}": (
        "a generation has no targets"
    ),
    "sources: {a: {files: a.jsonl, response: r, kind: judgement, targets: [{id: x}], "
    "follows: {id: x}}}": "a judgement follows nothing",
    "sources: {a: {files: a.jsonl, response: r, follows: {id: x, task_id: y}}}": (
        "a.follows: a link has `id`, or else"
    ),
    "sources: {a: {files: a.jsonl, response: r, follows: {source: b, id: x}}}": (
        "there is no source 'b' in this file"
    ),
    "sources: {a: {files: a.jsonl, response: r, stage: evaluation}}": (
        "the stage evaluation is of judgements"
    ),
    "sources: {a: {files: a.jsonl, response: r, stage: Q}}": "no name of a stage",
    "sources: {a: {files: a.jsonl, response: r, stage: packs}}": "name another stage",
    "sources: {a: {files: a.jsonl, response: r, query: select 1}}": (
        "a.query: `query` is for databases"
    ),
    "sources: {a: {files: c.db, response: r}}": "a database needs `query:`",
    "sources: {a: {files: d.txt, response: r}}": "'d.txt' cannot be read",
    "sources: {a: {files: /a.jsonl, response: r}}": "'/a.jsonl' is absolute",
    "sources: {a: {files: ../a.jsonl, response: r}}": "leads out of its folder",
    "sources: {a: {files: e.jsonl, response: r}}": "there is no file 'e.jsonl'",
    "sources: {a: {files: 'e*.jsonl', response: r}}": "no file fits `e*.jsonl`",
    "sources: {a: {files: [], response: r}}": "it is empty",
    "sources: {a: {files: a.jsonl, response: .r}}": "and there is no `each`",
    "sources: {a: {files: a.jsonl, response: '#2'}}": "'#2' is no value",
    "sources: {a: {files: a.jsonl, response: [optional]}}": "the list is empty",
    "sources: {a: {files: a.jsonl, response: file /abc/}}": "it has no group",
    "sources: {a: {files: a.jsonl, response: file /(a)(b)/}}": "more than one group",
    "sources: {a: {files: a.jsonl, response: file /(/}}": "missing )",
    "sources: {a: {files: a.jsonl, response: r, created_at: {from: t, as: '%Q'}}}": (
        "'%Q' is no form of times"
    ),
    "sources: {a: {files: a.jsonl, response: r, created_at: {from: t, zone: Bonn}}}": (
        "a.created_at.zone: 'Bonn' is no time zone"
    ),
    "sources: {a: {files: a.jsonl, response: r, created_at: {as: iso}}}": "`from` is",
    "sources: {a: {files: a.jsonl, response: r, keep: ['= x']}}": "= x has no name",
    "sources: {a: {files: a.jsonl, response: r, where: [x]}}": "write `field: value`",
    "sources: {a: {files: a.jsonl, response: r, each: 4}}": "a.each: 4 is a number",
}


@pytest.mark.parametrize(("text", "words"), FAULTS.items(), ids=FAULTS.values())
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, words: str) -> None:
    said = refusal(tmp_path, text)
    assert any(words in line and re.match(r"  line \d", line) for line in said), said


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "histories.yml").write_bytes(b"sources: \xff")
    with pytest.raises(DataRootError, match="is not UTF-8"):
        table(tmp_path, "sources")


def test_a_link_out_of_the_data_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("{}\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "in.jsonl").symlink_to(tmp_path / "out.jsonl")
    write_root(root, "a: {files: '*.jsonl', response: r}", {})
    with pytest.raises(DataRootError, match="leads out of the data root"):
        table(root, "sources")


def test_files_come_in_the_order_of_their_names_and_once(tmp_path: Path) -> None:
    names = ["x/b.jsonl", "x/a.jsonl", "x/y/z.jsonl", "x/.hidden.jsonl", "[1].jsonl"]
    write_root(
        tmp_path,
        "a: {files: ['x/**/*.jsonl', 'x/a.jsonl', '[1].jsonl'], response: r}",
        dict.fromkeys(names, "{}\n"),
    )
    rows = table(tmp_path, "mapped_rows")
    assert chosen(rows, "file", "file_number") == [
        ("[1].jsonl", 1), ("x/a.jsonl", 2), ("x/b.jsonl", 3), ("x/y/z.jsonl", 4),
    ]  # fmt: skip


def test_without_the_file_every_table_is_empty(tmp_path: Path) -> None:
    names = ("sources", "fields", "mapped_rows", "tool_rows", "files")
    assert tables(tmp_path, *names) == [[], [], [], [], []]


def test_a_root_with_the_file_alone_is_a_data_root(tmp_path: Path) -> None:
    write_root(tmp_path, "a: {files: a.jsonl, response: text}", FILES)
    assert has_input(tmp_path)
    assert is_data_root(tmp_path)
    refuse_without_input(open_layout(tmp_path))


def test_the_schema_for_editors_is_that_of_the_model() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == json_schema()


def test_one_typo_is_one_fault(tmp_path: Path) -> None:
    """That `files` is missing is not said of a key that was meant to be it."""
    said = refusal(tmp_path, "sources: {a: {file: a.jsonl, response: r}}")
    assert said[1:] == [
        "  line 1: a.file: the key 'file' is not known; did you mean 'files'?"
    ]
    said = refusal(tmp_path, "sources: {a: {pages: a.jsonl, response: r}}")
    assert "  line 1: a.files: `files` is missing" in said


def test_patterns_that_no_file_fits_are_kept(tmp_path: Path) -> None:
    write_root(
        tmp_path, "a: {files: ['*.csv', 'b*', '*.db'], response: r}", {"a.csv": ""}
    )
    [row] = table(tmp_path, "sources")
    assert row["unmatched"] == '["b*", "*.db"]'
