"""The objects in the files of tools, and files that change while they are read."""

import io
import json
import os
import sqlite3
import sys
import zipfile
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pytest
from history_roots import chosen, lines, table, tables, write_root

from docs_index.errors import DataRootError, TableRefusedError
from docs_index.layout import Layout
from docs_index.warehouse.histories import archives
from docs_index.warehouse.histories.loading import TableLoader, pieces
from docs_index.warehouse.histories.tables import open_histories

INSPECT = {"version": 2, "eval": {"task": "t"}}


def objects(root: Path, tool: str, name: str, content: str | bytes) -> list[Any]:
    """Return what a tool's file holds: relation, position, and object or fault."""
    write_root(root, f"logs: {{tool: {tool}, files: {name}}}", {name: content})
    return [
        (
            row["relation"],
            row["position"],
            row["fault"] or json.loads("".join(row["pieces"])),
        )
        for row in table(root, "tool_rows")
    ]


def test_a_log_of_inspect_is_its_samples_and_the_rest(tmp_path: Path) -> None:
    log = {**INSPECT, "samples": [{"id": 1}, 2, {"id": 3}], "reductions": [1]}
    assert objects(tmp_path, "inspect", "a.json.gz", json.dumps(log)) == [
        ("sample", "1", {"id": 1}),
        ("sample", "2", "it is no object"),
        ("sample", "3", {"id": 3}),
        ("log", "1", {**INSPECT, "reductions": [1]}),
    ]


def test_what_no_model_reads_of_a_sample_is_left_out(tmp_path: Path) -> None:
    sample = {
        "id": 1,
        "messages": [{"content": [{"text": "attachment://f0"}]}],
        "attachments": {"f0": "a long text", "f1": "of an event"},
        "store": {"a": 1},
        "events_data": {},
        "timelines": [],
        "events": [{"timestamp": "1"}, {"timestamp": "2", "call": "attachment://f1"}],
        "metadata": {"score": float("nan"), "cost": 0.10},
    }
    log = json.dumps({**INSPECT, "samples": [sample]})
    for name, content in (
        ("a.json", log),
        ("b.eval", archive(("samples/1.json", json.dumps(sample)), MEMBERS[-1])),
    ):
        found = objects(tmp_path, "inspect", name, content)
        assert [of for relation, _, of in found if relation == "sample"] == [
            {
                "id": 1,
                "messages": sample["messages"],
                "metadata": {"score": "NaN", "cost": 0.1},
                "events": [{"timestamp": "2"}],
                "attachments": {"f0": "a long text"},
            }
        ]


def test_a_log_without_samples_is_itself(tmp_path: Path) -> None:
    for log in (INSPECT, {**INSPECT, "samples": None}):
        found = objects(tmp_path, "inspect", "a.json", json.dumps(log))
        assert found == [("log", "1", log)]


def test_a_log_that_breaks_keeps_what_was_whole(tmp_path: Path) -> None:
    log = json.dumps({**INSPECT, "samples": [{"id": 1}, {"id": 2}]})
    one, broken, rest = objects(tmp_path, "inspect", "a.json", log[:-6])
    assert one == ("sample", "1", {"id": 1})
    assert broken[:2] == ("sample", "2")
    assert broken[2].startswith("it is not JSON")
    assert rest == ("log", "1", INSPECT)
    [whole] = objects(tmp_path, "inspect", "a.json", "no")
    assert whole == ("log", "1", "it is not JSON: expecting value at character 1")


def test_results_of_promptfoo_are_two_keys_down(tmp_path: Path) -> None:
    file = {"evalId": "e", "results": {"version": 3, "results": [{"id": 1}]}, "x": 1}
    assert objects(tmp_path, "promptfoo", "a.json", json.dumps(file)) == [
        ("result", "1", {"id": 1}),
        ("file", "1", {"evalId": "e", "results": {"version": 3}, "x": 1}),
    ]
    found = objects(tmp_path, "promptfoo", "a.jsonl", lines({"id": 1}))
    assert found == [("result", "1", {"id": 1})]


def test_samples_of_lm_eval_are_lines_or_a_list(tmp_path: Path) -> None:
    found = objects(tmp_path, "lm_eval", "samples_t_1.jsonl", lines({"doc_id": 0}))
    assert found == [("sample", "1", {"doc_id": 0})]
    found = objects(tmp_path, "lm_eval", "samples_t_1.json", '[{"doc_id": 0}]')
    assert found == [("sample", "1", {"doc_id": 0})]
    found = objects(tmp_path, "lm_eval", "results_1.json", '{"results": {}}')
    assert found == [("results", "1", {"results": {}})]


def test_rows_are_as_they_are_in_the_file(tmp_path: Path) -> None:
    line = '{"a": 0.10,  "b": 1e400, "c": "\\u00e9"}'
    write_root(
        tmp_path,
        "a: {tool: openai_batch, files: a.jsonl}",
        {"a.jsonl": f"\n{line}\n"},
    )
    rows = table(tmp_path, "tool_rows")
    assert chosen(rows, "place", "position", "pieces") == [(1, "2", [line])]


# SQLite ------------------------------------------------------------------------------


def write_database(path: Path, *statements: str) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    for statement in statements:
        database.execute(statement)
    database.commit()
    return database


def test_tables_of_a_database_are_relations(tmp_path: Path) -> None:
    with closing(
        write_database(
            tmp_path / "a.db",
            "create table responses (id, n, f, b, t)",
            "insert into responses values ('x', 9007199254740993, 0.1, x'00', null)",
            "insert into responses values (cast(x'ff' as text), 9e999, 1, 1, 1)",
            "create table other (id)",
            "create table _llm_migrations (name)",
            "insert into _llm_migrations values ('m001')",
        )
    ):
        pass
    content = (tmp_path / "a.db").read_bytes()
    assert objects(tmp_path, "llm", "a.db", content) == [
        (
            "responses",
            "1",
            {"id": "x", "n": 9007199254740993, "f": 0.1, "b": None, "t": None},
        ),
        ("responses", "2", "it is not UTF-8"),
        ("migrations", "1", {"name": "m001"}),
    ]


QUERY = "a: {files: a.db, response: r, score: s, prompt: j.k, query: %s}"


def test_a_query_gives_the_records_of_a_database_that_is_open(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    database = write_database(
        root / "a.db",
        "pragma journal_mode = wal",
        "create table t (r, s, j)",
        "insert into t values ('only in the log', 1.50, '{\"k\": 2.50}')",
    )
    with closing(database):
        assert (root / "a.db-wal").stat().st_size
        write_root(root, QUERY % "select * from t", {})
        before = sorted(os.listdir(root))
        [row] = table(root, "mapped_rows")
        assert sorted(os.listdir(root)) == before
    columns = chosen([row], "position", "v1", "v2", "v3")
    assert columns == [("1", "2.50", "only in the log", "1.5")]


@pytest.mark.parametrize(
    "query",
    [
        "delete from t", "select 1; select 2", "select nothing from t", "nonsense",
        "attach 'x' as y", "select 1 as a, 2 as a", "pragma user_version",
    ],
)  # fmt: skip
def test_a_query_can_only_select(tmp_path: Path, query: str) -> None:
    with closing(write_database(tmp_path / "a.db", "create table t (r, s, j)")):
        pass
    write_root(tmp_path, QUERY % f'"{query}"', {})
    with pytest.raises(DataRootError, match="the `query` of a in"):
        table(tmp_path, "mapped_rows")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    write_root(tmp_path, QUERY % "select 1", {"a.db": "no database" * 100})
    with pytest.raises(TableRefusedError, match="it is no SQLite database"):
        table(tmp_path, "mapped_rows")


# Loading -----------------------------------------------------------------------------


@pytest.mark.parametrize("chars", [10, 99_000, 200_000])
def test_long_rows_are_spread_out(chars: int) -> None:
    """Or DuckDB would parse the JSON of 2,048 long rows at once."""
    texts = [f"{number} ü".ljust(chars) for number in range(200)]
    columns = {"name": "varchar", "pieces": "varchar[]", "nothing": "bigint"}
    with closing(duckdb.connect()) as session:
        loader = TableLoader(session, "spread", columns, is_spread=True)
        for number, text in enumerate(texts):
            loader.add((f"row {number}", pieces(text), None), len(text))
        loader.add(("last", pieces(None), 1), 0)
        relation = loader.relation()
        rows = relation.filter("name is not null").fetchall()
        asked = "max(amount) from (select count(*) as amount from spread where name"
        [(together,)] = session.execute(
            f"select {asked} is not null group by rowid // 2048)"
        ).fetchall()
    assert ["".join(each) for _, each, _ in rows] == [*texts, ""]
    assert rows[0][0] == "row 0"
    assert rows[-1] == ("last", [], 1)
    assert together <= (64 if chars > 65_000 else 201)


# Archives ----------------------------------------------------------------------------


def archive(*members: tuple[str, str], kind: Any = zipfile, method: int = 8) -> bytes:
    content = io.BytesIO()
    with kind.ZipFile(content, "w", method) as file:
        for name, text in members:
            file.writestr(name, text)
    return content.getvalue()


MEMBERS = (
    ("_journal/start.json", '{"version": 2}'),
    ("samples/a_epoch_1.json", '{"id": "a"}'),
    ("samples/b_epoch_1.json", "torn"),
    ("header.json", '{"status": "success"}'),
)


def test_an_archive_is_its_header_and_samples(tmp_path: Path) -> None:
    assert objects(tmp_path, "inspect", "a.eval", archive(*MEMBERS)) == [
        ("log", "1", {"status": "success"}),
        ("sample", "1", {"id": "a"}),
        (
            "sample",
            "2",
            "samples/b_epoch_1.json: it is not JSON: expecting value at character 1",
        ),
    ]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_last_member_of_a_name_counts(tmp_path: Path) -> None:
    again = ("samples/a_epoch_1.json", '{"id": "again"}')
    found = objects(tmp_path, "inspect", "a.eval", archive(*MEMBERS[:2], again))
    assert found == [
        ("log", "1", {"status": "started", "version": 2}),
        ("sample", "1", {"id": "again"}),
    ]


def test_an_archive_without_header_or_end_is_one_faulty_log(tmp_path: Path) -> None:
    for content in (archive(MEMBERS[1])[:-9], b"", archive(("x", ""))):
        [(relation, _, fault)] = objects(tmp_path, "inspect", "a.eval", content)
        assert (relation, fault[:11]) == ("log", "the archive")


def test_zstd_needs_a_package_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "zipfile" if sys.version_info >= (3, 14) else "backports.zstd.zipfile"
    content = archive(*MEMBERS[:2], kind=import_module(name), method=93)
    found = objects(tmp_path, "inspect", "a.eval", content)
    assert found[1] == ("sample", "1", {"id": "a"})
    monkeypatch.setattr(archives, "_KNOWS_ZSTD", False)
    monkeypatch.setitem(sys.modules, "backports.zstd.zipfile", None)
    with pytest.raises(DataRootError, match=r'pip install "docs-index\[histories\]"'):
        objects(tmp_path, "inspect", "a.eval", content)


# Files that change -------------------------------------------------------------------


def test_a_file_that_changed_after_it_was_read_refuses_the_build(
    tmp_path: Path,
) -> None:
    write_root(tmp_path, "a: {files: a.jsonl, response: t}", {"a.jsonl": "{}\n"})
    opened = open_histories(Layout(tmp_path.resolve()))
    with closing(duckdb.connect()) as cursor:
        opened.load(cursor, "mapped_rows")
        opened.load(cursor, "tool_rows")
        opened.load(cursor, "files")
        (tmp_path / "a.jsonl").write_text("{ }\n")
        with pytest.raises(TableRefusedError, match="changed while the build read it"):
            opened.load(cursor, "files")


def test_files_of_a_build_that_stopped_are_not_taken(tmp_path: Path) -> None:
    write_root(tmp_path, "a: {files: a.jsonl, response: t}", {"a.jsonl": "{}\n"})
    opened = open_histories(Layout(tmp_path.resolve()))
    with closing(duckdb.connect()) as cursor:
        cursor.execute("create schema histories")
        cursor.execute("create table histories.mapped_rows as select 1 as v1")
        with pytest.raises(TableRefusedError, match="run `dbt build`"):
            opened.load(cursor, "files")


def test_a_file_that_is_gone_refuses_the_build(tmp_path: Path) -> None:
    write_root(tmp_path, "a: {files: a.jsonl, response: t}", {"a.jsonl": "{}\n"})
    opened = open_histories(Layout(tmp_path.resolve()))
    (tmp_path / "a.jsonl").unlink()
    with (
        closing(duckdb.connect()) as cursor,
        pytest.raises(TableRefusedError, match="changed while the build read it"),
    ):
        opened.load(cursor, "mapped_rows")


def test_an_error_of_the_machine_is_no_property_of_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_root(tmp_path, "a: {files: a.jsonl, response: t}", {"a.jsonl": "{}\n"})
    failure = OSError(5, "Input/output error")

    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr("docs_index.warehouse.histories.history_file.open_file", fail)
    with pytest.raises(OSError, match="Input/output error"):
        tables(tmp_path, "mapped_rows")
