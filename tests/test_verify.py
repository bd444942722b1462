"""scripts/verify_docs.py: it finds every damage under its code, and changes nothing."""

import hashlib
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from building import (
    LOCK,
    REPOSITORY,
    Process,
    Run,
    append,
    copied,
    documents,
    good,
    holding,
    index,
    materialize,
    query,
    script,
    snapshot,
    write,
)
from sampling import sampled
from schemas import fits, schema
from terminal import on_terminal

from docs_index.audit import bad_list
from docs_index.audit.findings import Report as Checked
from docs_index.audit.findings import as_object, finding_lines, known_findings
from docs_index.audit.reindex import Options as ReindexOptions
from docs_index.audit.reindex import reindex
from docs_index.audit.verify import Options, verify
from docs_index.layout import open_layout
from docs_index.resources import seed

Report = dict[str, Any]
Document = dict[str, Any]
Damage = Callable[[Path], str]  # does it, and returns the path that is then found

INDEX = "db/documents.sqlite"
PROMPTED = "combo_v1_a93f52_bridge-v0_basalt-2"
TABLES = (
    "documents",
    "bad_generations",
    "link_candidates",
    "backfill_conflicts",
    "backfill_notices",
    "backfill_counters",
    "column_descriptions",
    "list_checksums",
    "run_record",
    "storage",
)


def run(root: Path, *args: str) -> Process:
    return script(root, "verify_docs.py", *args)


def found(root: Path, share: float = 1.0) -> Report:
    """Return what the script would print as JSON, without starting Python for it."""
    options = Options(share=share, read_data=f"{share:.0%}")
    return as_object(verify(open_layout(root), options, lambda done, total: None))


def verify_all(root: Path) -> Checked:
    return verify(open_layout(root), Options(share=1.0), lambda done, total: None)


def codes(report: Report, path: str) -> set[str]:
    """Return the codes that were found at a path, or below it."""
    return {
        finding["code"]
        for finding in report["findings"]
        if finding["path"] == path or finding["path"].startswith(f"{path}/")
    }


def one(root: Path, condition: str) -> Document:
    return documents(root, condition)[0]


def directory(root: Path, condition: str) -> Path:
    folder: str = one(root, condition)["doc_dir"]
    return root / "docs" / folder


def within(root: Path, path: Path) -> str:
    return str(path.relative_to(root))


def change_index(root: Path, *statements: str) -> None:
    """Change the index as nobody may: without its triggers and constraints."""
    with closing(sqlite3.connect(index(root))) as connection:
        kept = "select sql from sqlite_master where type = 'trigger'"
        triggers = connection.execute(kept).fetchall()
        connection.execute("pragma ignore_check_constraints = on")
        connection.execute("drop trigger documents_are_never_updated")
        connection.execute("drop trigger documents_are_never_deleted")
        connection.executescript(";".join(statements))
        connection.commit()
        for (trigger,) in triggers:
            connection.execute(trigger)


def columns() -> list[tuple[str, str]]:
    """Return every column of every table, as the schema has it."""
    schema = (REPOSITORY / "src/docs_index/index/sql/schema.sql").read_text()
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema)
        return connection.execute(
            "select tables.name, columns.name from sqlite_master as tables, "
            "pragma_table_info(tables.name) as columns where tables.type = 'table'"
        ).fetchall()


# A clean store ------------------------------------------------------------------------


@pytest.mark.parametrize("read_data", ["none", "5%", "all"])
def test_nothing_is_found_on_a_clean_store_and_nothing_changes(
    first_run: Run, read_data: str
) -> None:
    before = snapshot(first_run.root)
    process = good(run(first_run.root, "--json", "--read-data", read_data))
    assert snapshot(first_run.root) == before
    report = json.loads(process.stdout)
    assert report["findings"] == []
    assert report["sources_missing"] == 0
    assert report["documents"] == report["directories"] == 32
    assert (report["documents_read"] == 32) == (read_data == "all")
    assert (report["documents_read"] == 0) == (read_data == "none")


def test_nothing_is_found_where_rules_are_stretched(odd_run: Run) -> None:
    options = Options(share=1.0, evaluation_root="4_evaluation")
    report = verify(open_layout(odd_run.root), options, lambda done, total: None)
    assert report.findings == []
    assert report.sources_missing == 0


def test_evaluations_that_are_sought_elsewhere_are_told(odd_run: Run) -> None:
    process = good(run(odd_run.root))
    counted = "select count(*) from documents where stage = 'evaluation'"
    [(evaluations,)] = query(odd_run.root, counted)
    said = f"\n{evaluations} response files are gone: they are not checked\n"
    assert said in process.stdout


@pytest.mark.parametrize("folder", ["../elsewhere", "/", "a/../b", " "])
def test_evaluations_are_sought_under_the_data_root(ran: Path, folder: str) -> None:
    process = run(ran, "--evaluation-root", folder)
    assert process.returncode == 2
    assert "a folder under the data root" in process.stderr


def test_nothing_is_found_on_many_documents_in_workers(large_run: Run) -> None:
    process = good(run(large_run.root, "--read-data", "all", "--workers", "2"))
    assert process.stdout.endswith("\nno problems found\n")


def test_it_is_silent_where_nobody_listens(first_run: Run) -> None:
    command = [sys.executable, "scripts/verify_docs.py", "--data-root", first_run.root]
    closed = ["bash", "-c", 'exec "$@" 2>&-', "bash", *map(str, command)]
    process = subprocess.run(closed, cwd=REPOSITORY, capture_output=True, text=True)
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.endswith("\nno problems found\n")


@pytest.mark.slow
def test_a_share_is_always_the_same_one(large_run: Run) -> None:
    some, more = (
        found(large_run.root, share)["documents_read"] for share in (0.05, 0.1)
    )
    assert 0 < some < more < 300
    assert found(large_run.root, 0.05)["documents_read"] == some


def test_no_build_is_needed(ran: Path) -> None:
    (ran / "db/build.duckdb").unlink()
    assert found(ran)["findings"] == []


def test_rows_that_are_gone_and_sources_that_are_gone_are_no_findings(
    ran: Path,
) -> None:
    shutil.rmtree(ran / "3_generation")
    for path in (ran / "7_cross_experiment").glob("*_results.csv"):
        path.unlink()
    assert found(ran)["findings"] == []
    assert found(ran)["sources_missing"] == 32


# Files --------------------------------------------------------------------------------

PARSED = "parser = 'essay_block'"
DRAFT = "row_key like 'draft:%' and parser is null"


def _remove(name: str, condition: str, root: Path) -> str:
    path = directory(root, condition) / name
    path.unlink()
    return within(root, path)


def _grow(name: str, condition: str, root: Path) -> str:
    path = directory(root, condition) / name
    path.write_bytes(path.read_bytes() + b" " * 9999)
    return within(root, path)


def _link(name: str, condition: str, root: Path) -> str:
    path = directory(root, condition) / name
    shutil.move(path, root / name)
    path.symlink_to(root / name)
    return within(root, path)


def _put(name: str, text: str, condition: str, root: Path) -> str:
    path = directory(root, condition) / name
    path.write_text(text)
    return within(root, path)


def _reword(old: str, new: str, condition: str, root: Path) -> str:
    path = directory(root, condition) / "metadata.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return within(root, path)


def _add(path: str, root: Path) -> str:
    write(root, path, "x")
    return path


def _make_folder(path: str, root: Path) -> str:
    (root / path).mkdir(parents=True)
    return path


def _remove_directory(root: Path) -> str:
    path = directory(root, "stage = 'evaluation'")
    shutil.rmtree(path)
    return within(root, path)


def _move_directory(root: Path) -> str:
    path = directory(root, "stage = 'evaluation'")
    target = path.with_name("0" * 16)
    path.rename(target)
    return within(root, target)


def _delete_row(root: Path) -> str:
    path = directory(root, "stage = 'evaluation'")
    change_index(root, f"delete from documents where doc_id = '{path.name}'")
    return within(root, path)


def _change_source(root: Path) -> str:
    document = one(root, DRAFT)
    append(root, f"3_generation/{document['meta_small']['response_file']}", "more")
    return f"docs/{document['doc_dir']}/raw.txt"


def _change_prompt_source(root: Path) -> str:
    (path,) = (root / "3_generation/links_prompts").glob("*a93f52*")
    path.write_text(path.read_text().swapcase())
    return within(root, directory(root, f"task_id = '{PROMPTED}'") / "prompt.txt")


def _sql(statement: str, path: str, root: Path) -> str:
    """Change the index; return `path`, or of a condition the document that it names."""
    found_at = path
    if path != INDEX:
        found_at = within(root, directory(root, path))
    change_index(root, statement.format(condition=path))
    return found_at


def _put_folder(root: Path) -> str:
    path = directory(root, DRAFT) / "raw.txt"
    path.unlink()
    path.mkdir()
    return within(root, path)


LIST = "7_cross_experiment/bad_generations.csv"


def _rewrite_list(change: Callable[[str], str], root: Path) -> str:
    path = root / LIST
    before = path.read_text()
    path.write_text(change(before))
    assert path.read_text() != before
    return LIST


OF_SHARDS = (  # tests/test_packed_audit.py, tests/test_index_in_parquet.py
    "manifest_damaged",
    "shard_missing",
    "shard_differs",
    "shard_wrong",
    "shard_unlisted",
    "rows_unlisted",
    "document_repeated",
)


def _sql_of_list(statement: str, root: Path) -> str:
    change_index(root, statement)
    return LIST


def _remove_list(root: Path) -> str:
    (root / LIST).unlink()
    return LIST


def _put_folder_for_list(root: Path) -> str:
    (root / LIST).unlink()
    return _make_folder(LIST, root)


ESSAY = "stage = 'essay'"
JUDGED = "stage = 'evaluation'"
UPDATE = "update documents set {} where {{condition}}"
LINK = f"task_id = '{PROMPTED}'"
DAMAGES: dict[str, tuple[Damage, str]] = {
    "raw.txt removed": (partial(_remove, "raw.txt", DRAFT), "file_missing"),
    "parsed.txt removed": (partial(_remove, "parsed.txt", PARSED), "file_missing"),
    "metadata removed": (partial(_remove, "metadata.json", DRAFT), "file_missing"),
    "prompt.txt removed": (partial(_remove, "prompt.txt", LINK), "prompt_missing"),
    "raw.txt longer": (partial(_grow, "raw.txt", DRAFT), "size_differs"),
    "parsed.txt longer": (partial(_grow, "parsed.txt", PARSED), "size_differs"),
    "parsed copy longer": (partial(_grow, "parsed.txt", DRAFT), "size_differs"),
    "prompt.txt longer": (partial(_grow, "prompt.txt", LINK), "prompt_differs"),
    "metadata longer": (partial(_grow, "metadata.json", DRAFT), "metadata_form"),
    "raw.txt a link": (partial(_link, "raw.txt", DRAFT), "not_a_file"),
    "prompt.txt a link": (partial(_link, "prompt.txt", LINK), "not_a_file"),
    "metadata a link": (partial(_link, "metadata.json", DRAFT), "not_a_file"),
    "a file too many": (partial(_put, "note.txt", "x", DRAFT), "file_unexpected"),
    "a prompt too many": (
        partial(_put, "prompt.txt", "x", DRAFT),
        "file_unexpected",
    ),
    "a parse too many": (
        partial(_put, "parsed.txt", "x", "status = 'parse_error'"),
        "file_unexpected",
    ),
    "broken metadata": (
        partial(_put, "metadata.json", "{", DRAFT),
        "metadata_unreadable",
    ),
    "metadata a list": (
        partial(_put, "metadata.json", "[1]", DRAFT),
        "metadata_unreadable",
    ),
    "template in metadata": (
        partial(_reword, '"template_id": "', '"template_id": "x', DRAFT),
        "logical_key_differs",
    ),
    "run_id in metadata": (
        partial(_reword, '"backfill"', '"other"', DRAFT),
        "doc_id_differs",
    ),
    "row_key in metadata": (
        partial(_reword, '"row_key": "draft:', '"row_key": "link:', DRAFT),
        "row_key_differs",
    ),
    "row_key of an older version": (
        partial(_reword, '.000000Z:1"', 'Z:1"', DRAFT),
        "row_key_old",
    ),
    "timestamp in metadata": (
        partial(_reword, '"timestamp": "2', '"timestamp": "1', DRAFT),
        "created_at_differs",
    ),
    "link_method in metadata": (
        partial(_reword, "timestamp_join", "essay_task_id", "stage = 'essay'"),
        "metadata_differs",
    ),
    "a field too many": (
        partial(_reword, "{", '{\n  "a": 1,', DRAFT),
        "metadata_form",
    ),
    "a file in docs": (partial(_add, "docs/x.txt"), "stray_entry"),
    "a file in a stage": (partial(_add, "docs/essay/x.txt"), "stray_entry"),
    "a folder in docs": (partial(_make_folder, "docs/x"), "stray_entry"),
    "an empty key": (partial(_make_folder, "docs/essay/x"), "stray_entry"),
    "a folder of a killed run": (
        partial(_make_folder, "docs/.unpublished"),
        "unfinished_run",
    ),
    "a directory without a row": (
        partial(_make_folder, "docs/essay/x/y"),
        "directory_unindexed",
    ),
    "a directory removed": (_remove_directory, "directory_missing"),
    "a directory moved": (_move_directory, "directory_unindexed"),
    "a row removed": (_delete_row, "directory_unindexed"),
    "a response changed": (_change_source, "source_changed"),
    "a prompt changed": (_change_prompt_source, "prompt_differs"),
    "a folder for raw.txt": (_put_folder, "not_a_file"),
    "a trigger dropped": (
        partial(
            _sql,
            "create trigger t after insert on documents begin select 1; end",
            INDEX,
        ),
        "schema_differs",
    ),
    "an index dropped": (
        partial(_sql, "drop index documents_by_task", INDEX),
        "lookup_missing",
    ),
    "a table dropped": (
        partial(_sql, "drop table backfill_conflicts", INDEX),
        "schema_differs",
    ),
    "a column of a list dropped": (
        partial(_sql, "alter table bad_generations drop column combo_id", INDEX),
        "list_differs",
    ),
    "a column of a list added": (
        partial(_sql, "alter table bad_generations add column more text", INDEX),
        "list_differs",
    ),
    "a length beyond all": (
        partial(
            _sql,
            f"update documents set parsed_chars = {2**63 - 1} where {{condition}}",
            "parser = 'essay_block_lenient'",
        ),
        "size_differs",
    ),
    "a text where a number must be": (
        partial(_sql, "update documents set raw_chars = 'many' where rowid = 3", INDEX),
        "value_invalid",
    ),
    "a text that is none": (
        partial(_sql, "update documents set task_id = cast(x'ff' as text)", INDEX),
        "value_invalid",
    ),
    "a blob": (
        partial(_sql, "update bad_generations set detail = x'41'", INDEX),
        "value_invalid",
    ),
    "a layout that there is not": (
        partial(_sql, "update storage set layout = 'in a drawer'", INDEX),
        "value_invalid",
    ),
    "no layout": (partial(_sql, "drop table storage", INDEX), "value_invalid"),
    "shards beside directories": (
        partial(_make_folder, "docs/packs"),
        "unfinished_repack",
    ),
    "a stage that there is not": (
        partial(_sql, "update documents set stage = 'No poem' where rowid = 1", INDEX),
        "constraint_broken",
    ),
    "a link that no document has": (
        partial(
            _sql,
            "update document_links set role = 'target' where rowid = "
            "(select min(rowid) from document_links where role = 'follows')",
            INDEX,
        ),
        "links_differ",
    ),
    "a row twice": (
        partial(
            _sql,
            "drop index documents_by_row; insert into documents select 'x' || doc_id, "
            + ", ".join(name for table, name in columns() if table == "documents")[8:]
            + " from documents where {condition}",
            LINK,
        ),
        "row_repeated",
    ),
    "a parent that there is not": (
        partial(_sql, UPDATE.format("parent_doc_id = 'x'"), ESSAY),
        "parent_missing",
    ),
    "an essay for a parent": (
        partial(
            _sql,
            UPDATE.format(
                "parent_doc_id = (select doc_id from documents where stage = 'essay')"
            ),
            ESSAY,
        ),
        "parent_wrong",
    ),
    "a parent of another run_id": (
        partial(_sql, UPDATE.format("run_id = 'x'"), ESSAY),
        "parent_wrong",
    ),
    "a link_method of another stage": (
        partial(
            _sql,
            UPDATE.format("meta_small = json_set(meta_small, '$.link_method', 'x')"),
            JUDGED,
        ),
        "parent_wrong",
    ),
    "an essay before its draft": (
        partial(_sql, UPDATE.format("created_at = '0001-01-01'"), ESSAY),
        "parent_later",
    ),
    "another parser": (
        partial(_sql, UPDATE.format("parser = 'in_last_line'"), PARSED),
        "parsed_differs",
    ),
    "a parser that is gone": (
        partial(_sql, UPDATE.format("parser = 'gone'"), PARSED),
        "parser_unknown",
    ),
    "no lists": (
        partial(
            _sql, "delete from list_checksums; delete from backfill_counters", INDEX
        ),
        "lists_missing",
    ),
    "a bad row too few": (
        partial(_sql, "delete from bad_generations where source_csv = 'link'", INDEX),
        "list_differs",
    ),
    "a counter too high": (
        partial(_sql, "update backfill_counters set value = value + 1", INDEX),
        "counters_differ",
    ),
    "a reason that there is not": (
        partial(_sql, "update bad_generations set reason = 'moon'", INDEX),
        "reason_unknown",
    ),
    "fewer documents than were left": (
        partial(_sql, "update run_record set documents = documents + 1", INDEX),
        "list_differs",
    ),
    "a list cut in the middle": (
        partial(_rewrite_list, lambda text: text[: len(text) // 2]),
        "bad_list_differs",
    ),
    "a list cut at a row": (
        partial(_rewrite_list, lambda text: text[: text[:-1].rindex("\n") + 1]),
        "bad_list_differs",
    ),
    "a list edited": (
        partial(_rewrite_list, lambda text: text.replace("blank", "clank", 1)),
        "bad_list_differs",
    ),
    "a list with a row more": (
        partial(_rewrite_list, lambda text: text + "draft,99,,,gone,,,,,,,,r\n"),
        "bad_list_differs",
    ),
    "a list emptied": (
        partial(_rewrite_list, lambda text: ""),
        "bad_list_differs",
    ),
    "a list whose rows are counted wrongly": (
        partial(_sql_of_list, "update run_record set listed_rows = listed_rows + 1"),
        "bad_list_differs",
    ),
    "a list deleted": (_remove_list, "bad_list_missing"),
    "a folder for a list": (_put_folder_for_list, "bad_list_unreadable"),
    "another raw_chars everywhere": (
        lambda root: (
            _sql(UPDATE.format("raw_chars = 1"), DRAFT, root),
            _reword('"raw_chars": ', '"raw_chars": 1', DRAFT, root),
        )[0],
        "content_differs",
    ),
}


@pytest.mark.parametrize("name", sampled(DAMAGES, 3))
def test_damage_is_found_under_its_code(name: str, ran: Path) -> None:
    damage, code = DAMAGES[name]
    path = damage(ran)
    before = snapshot(ran)
    assert code in codes(found(ran), path)
    assert snapshot(ran) == before


def test_sizes_and_presence_need_no_reading(ran: Path) -> None:
    damages = ("raw.txt removed", "prompt.txt longer", "a response changed")
    paths = [(DAMAGES[name][0](ran), DAMAGES[name][1]) for name in damages]
    report = found(ran, share=0)
    assert report["documents_read"] == 0
    assert all(code in codes(report, path) for path, code in paths)


def test_every_flipped_byte_is_found(first_run: Run, tmp_path: Path) -> None:
    """Some 50 single bytes: every document but one is damaged in one place."""
    draw = random.Random(20250301)
    flipped = 0
    for turn in range(2):
        root = copied(first_run.root, tmp_path / str(turn))
        paths = []
        for document in documents(root):
            names = os.listdir(root / "docs" / document["doc_dir"])
            name = "prompt.txt" if "prompt.txt" in names else draw.choice(sorted(names))
            path = root / "docs" / document["doc_dir"] / name
            content = bytearray(path.read_bytes())
            if not content:
                continue
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
            path.write_bytes(content)
            paths.append(within(root, path))
        report = found(root)
        flipped += len(paths)
        assert {path for path in paths if not codes(report, path)} == set()
    assert flipped >= 50


# The index ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_conflict(built_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in whose lists no table is empty."""
    root = copied(built_sample, tmp_path_factory.mktemp("with_conflict"))
    (response,) = (root / "3_generation/essay_responses").glob("*a93f52*")
    response.write_text("changed since the build")
    assert materialize(root).returncode == 1
    assert query(root, "select count(*) from backfill_conflicts") != [(0,)]
    with duckdb.connect(str(root / "db/build.duckdb")) as build:
        build.execute(
            "update int_rows__resolved set response_file = 'moved.txt' "
            "where write_order = (select min(write_order) from documents)"
        )
    assert materialize(root).returncode == 1
    assert query(root, "select kind from backfill_notices") == [("row_changed",)]
    assert found(root)["findings"] == []
    return root


def test_the_tables_are_those_of_the_schema() -> None:
    assert {table for table, _ in columns()} == {*TABLES, "document_links"}


def damaged(column: str) -> str:
    """Return SQL for another value than a column has."""
    return (
        f"case when typeof({column}) = 'integer' then {column} + 1000 "
        f"else coalesce({column}, '') || 'x' end"
    )


def test_every_column_of_a_document_is_guarded(ran: Path) -> None:
    names = [name for table, name in columns() if table == "documents"]
    before = {document["doc_id"]: document for document in documents(ran)}
    rows = dict(zip(names, before.values(), strict=False))
    change_index(
        ran,
        *(
            f"update documents set {name} = {damaged(name)} "
            f"where doc_id = '{document['doc_id']}'"
            for name, document in rows.items()
        ),
    )
    report = found(ran, share=0)
    for name, document in rows.items():
        path = f"docs/{document['doc_dir']}"
        if name == "doc_dir":
            assert codes(report, f"{path}x") == {"directory_missing"}
            assert codes(report, path) == {"directory_unindexed"}
        else:
            told = [
                finding["detail"]
                for finding in report["findings"]
                if finding["path"] == f"{path}/metadata.json"
                and finding["code"] == "metadata_differs"
            ]
            assert [detail.partition(" is ")[0] for detail in told] == [name]


@pytest.mark.parametrize("column", ["doc_id", "role", "position", "linked_doc_id"])
def test_every_column_of_a_link_is_guarded(ran: Path, column: str) -> None:
    first = "rowid = (select min(rowid) from document_links)"
    change_index(
        ran, f"update document_links set {column} = {damaged(column)} where {first}"
    )
    found_codes = {each["code"] for each in found(ran, share=0)["findings"]}
    assert "links_differ" in found_codes


@pytest.mark.parametrize(
    ("table", "column"),
    sampled(
        [
            pair
            for pair in columns()
            if pair[0] not in ("documents", "document_links", "run_record", "storage")
        ],
        3,
    ),
)
def test_every_column_of_a_list_is_guarded(
    table: str, column: str, with_conflict: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    shutil.copytree(with_conflict, root, ignore=shutil.ignore_patterns("*.duckdb"))
    first = f"rowid = (select min(rowid) from {table})"
    change_index(root, f"update {table} set {column} = {damaged(column)} where {first}")
    told = [
        finding["detail"]
        for finding in found(root, share=0)["findings"]
        if finding["code"] == "list_differs" and finding["path"] == INDEX
    ]
    if table != "list_checksums":
        assert any(detail.startswith(f"{table} has ") for detail in told)
    assert told


def test_a_list_that_may_not_be_read_is_found(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_: Any) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(bad_list, "read_file", refuse)
    assert codes(found(ran), LIST) == {"bad_list_unreadable"}


@pytest.mark.parametrize("is_there", [True, False])
def test_the_list_before_is_right_until_the_run_has_ended(
    ran: Path, is_there: bool
) -> None:
    before = (ran / LIST).read_bytes() if is_there else b""
    digest = hashlib.sha256(before).hexdigest()
    change_index(
        ran, f"update run_record set listed_hash = 'new', replaced_hash = '{digest}'"
    )
    if not is_there:
        (ran / LIST).unlink()
    assert found(ran)["findings"] == []


def test_of_a_list_that_no_run_has_written_nothing_is_known(ran: Path) -> None:
    change_index(ran, "update run_record set listed_hash = null")
    (ran / LIST).unlink()
    assert found(ran)["findings"] == []


def test_every_code_has_its_damage() -> None:
    elsewhere = {"index_damaged", "unreadable", "doc_dir_differs", *OF_SHARDS}
    found_here = {code for _, code in DAMAGES.values()}
    assert found_here | elsewhere == set(known_findings())


def test_a_moved_directory_is_not_where_its_metadata_says(ran: Path) -> None:
    old = directory(ran, "stage = 'evaluation'")
    path = _move_directory(ran)
    new = f"evaluation/{old.parent.name}/{'0' * 16}"
    change_index(
        ran, f"update documents set doc_dir = '{new}' where doc_id = '{old.name}'"
    )
    assert {"doc_dir_differs", "doc_id_differs"} <= codes(found(ran), path)


def test_what_cannot_be_read_is_told(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = directory(ran, DRAFT)
    scandir = os.scandir

    def refuse(folder: str) -> Any:
        if folder == str(path):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    report = found(ran)
    assert codes(report, within(ran, path)) == {"unreadable"}


@pytest.mark.parametrize("depth", [1, 2])
def test_documents_below_what_cannot_be_read_are_not_called_missing(
    depth: int, ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor are they left out of a new index without a word."""
    path = directory(ran, "stage = 'evaluation'").parents[2 - depth]
    listdir = os.listdir

    def refuse(folder: str) -> list[str]:
        if folder == str(path):
            raise PermissionError(13, "Permission denied")
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", refuse)
    report = found(ran)
    assert report["counts"] == {"unreadable": 1}
    assert codes(report, within(ran, path)) == {"unreadable"}
    output = ran / "new.sqlite"
    told = reindex(open_layout(ran), ReindexOptions(output), lambda done, total: None)
    assert (told.output, [each.code for each in told.findings]) == (
        None,
        ["unreadable"],
    )
    assert not output.exists()


def test_a_path_that_no_system_takes_does_not_stop_it(ran: Path) -> None:
    old = '"response_file": "'
    path = _reword(old, f"{old}\\u0000", "stage = 'evaluation'", ran)
    assert "metadata_differs" in codes(found(ran), path)


# The file itself ----------------------------------------------------------------------


def _scribble(root: Path) -> None:
    """Write noise over the second half of the pages, but not over the schema."""
    (size,) = query(root, "pragma page_size")[0]
    content = index(root).read_bytes()
    pages = [content[at : at + size] for at in range(0, len(content), size)]
    for place in range(len(pages) // 2, len(pages)):
        if b"CREATE " not in pages[place].upper():
            pages[place] = b"\xa5" * size
    index(root).write_bytes(b"".join(pages))


def test_a_damaged_index_is_a_finding(ran: Path) -> None:
    _scribble(ran)
    process = run(ran)
    assert process.returncode == 1
    assert "the index could not be read to its end" in process.stderr
    assert "\nindex_damaged\t" in process.stdout


NO_INDEX: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda root: index(root).unlink(), "there is no index in "),
    "empty": (lambda root: index(root).write_bytes(b""), "there is no index in "),
    "garbage": (
        lambda root: index(root).write_bytes(b"garbage" * 999),
        "file is not a database",
    ),
    "cut off": (
        lambda root: os.truncate(index(root), index(root).stat().st_size // 2),
        "database disk image is malformed",
    ),
    "newer": (
        lambda root: change_index(root, "pragma user_version = 9"),
        "use the program that made it",
    ),
    "older": (
        lambda root: change_index(root, "pragma user_version = 1"),
        "start a new index: move ",
    ),
}


@pytest.mark.parametrize("name", NO_INDEX)
def test_without_an_index_of_this_program_it_stops(name: str, ran: Path) -> None:
    damage, message = NO_INDEX[name]
    damage(ran)
    process = run(ran)
    assert process.returncode == 2
    assert process.stdout == ""
    assert message in process.stderr
    assert len(process.stderr.splitlines()) == 1


@pytest.mark.parametrize("read_data", ["some", "101%", "5", "-1%", "%"])
def test_a_share_must_be_one(read_data: str, first_run: Run) -> None:
    process = run(first_run.root, "--read-data", read_data)
    assert process.returncode == 2
    assert "a share like 5%" in process.stderr


# While a run is at work ---------------------------------------------------------------


@pytest.mark.slow
def test_a_run_at_work_is_neither_disturbed_nor_judged(ran: Path) -> None:
    path = DAMAGES["a row removed"][0](ran)
    DAMAGES["an index dropped"][0](ran)
    raw = DAMAGES["raw.txt longer"][0](ran)
    with holding(ran, ran / "db/.lock", LOCK) as holder:
        report = found(ran)
    assert codes(report, path) == set()
    assert codes(report, raw) == {"size_differs"}
    assert f"(process {holder})" in report["running"]
    assert report["undecided"] == 2
    assert codes(found(ran), path) == {"directory_unindexed"}


def test_rows_in_the_log_of_a_killed_run_count(ran: Path) -> None:
    kill = (
        "import os, signal, sqlite3, sys; index = sqlite3.connect(sys.argv[1]); "
        "index.execute('pragma journal_mode = wal'); "
        "index.execute('drop index documents_by_task'); index.commit(); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", kill, str(index(ran))], check=False)
    before = snapshot(ran)
    assert "documents.sqlite-wal" in {Path(path).name for path in before}
    assert found(ran)["counts"] == {"lookup_missing": 1}
    assert snapshot(ran) == before


# What it prints -----------------------------------------------------------------------


def test_findings_are_grouped_with_remedy_and_first_few(ran: Path) -> None:
    for document in documents(ran, "stage = 'draft'"):
        (ran / "docs" / document["doc_dir"] / "raw.txt").unlink()
    command = [sys.executable, "scripts/verify_docs.py"]
    shown = on_terminal(command, {"DATA_ROOT": str(ran)}, exit_code=1)
    assert "\nfile_missing: 13\n" in shown
    said = " ".join(shown.split())
    assert known_findings()["file_missing"].remedy in said
    assert shown.count("/raw.txt\n") == 5
    assert "    ... and 8 more: --json lists all\n" in shown
    assert shown.endswith("\n13 problems found\n")
    report = json.loads(run(ran, "--json").stdout)
    assert len(report["findings"]) == 13


def test_a_pipe_gets_one_finding_a_line(ran: Path) -> None:
    drafts = documents(ran, "stage = 'draft'")
    for document in drafts:
        (ran / "docs" / document["doc_dir"] / "raw.txt").unlink()
    process = run(ran)
    assert process.returncode == 1
    head, *rows = (line.split("\t") for line in process.stdout.splitlines())
    assert head == ["code", "doc_id", "path", "detail", "remedy"]
    assert {row[0] for row in rows} == {"file_missing"}
    assert {row[1] for row in rows} == {document["doc_id"] for document in drafts}
    assert {row[4] for row in rows} == {known_findings()["file_missing"].remedy}
    assert process.stderr.endswith("\n13 problems found\n")


def test_lines_fit_a_terminal(ran: Path) -> None:
    for name in ("raw.txt longer", "broken metadata", "a row removed"):
        DAMAGES[name][0](ran)
    for columns in (60, 80):
        lines = list(finding_lines(verify_all(ran).findings, columns))
        assert max(len(line) for line in lines if len(line.split()) > 2) <= columns


JSON_SCHEMA = schema("verifying.schema.json")


def test_json_is_as_its_schema_says(ran: Path) -> None:
    for name in ("raw.txt longer", "a row removed", "a bad row too few"):
        DAMAGES[name][0](ran)
    report = json.loads(run(ran, "--json", "--read-data", "all").stdout)
    assert len(report["findings"]) >= 3
    assert fits(report, JSON_SCHEMA)
    assert set(report) == set(JSON_SCHEMA["required"])
    for name in report:
        assert not fits(report | {name: 1.5}, JSON_SCHEMA), name
    finding = JSON_SCHEMA["properties"]["findings"]["items"]
    assert finding["properties"]["code"]["enum"] == list(known_findings())


def test_every_code_is_documented() -> None:
    page = (REPOSITORY / "docs/verifying.md").read_text()
    listed = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \|$", page, re.MULTILINE)
    assert listed == [tuple(known) for known in known_findings().values()]


def test_reasons_are_those_of_the_seed(ran: Path) -> None:
    statements = [
        "insert into bad_generations (source_csv, row_index, reason, detail, run_id) "
        f"values ('draft', {1000 + number}, '{row['reason']}', 'd', 'backfill')"
        for number, row in enumerate(seed("reasons"))
    ]
    change_index(ran, *statements)
    assert "reason_unknown" not in verify_all(ran).counts
