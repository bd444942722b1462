"""CSV that is written is CSV that is taken back, whatever the values."""

import csv
import io
import os
import stat
from pathlib import Path

import duckdb
import pytest
from building import Run, copied, good, materialize

from docs_index.disk.publish import publish, publish_appended
from docs_index.warehouse.csv_files import relation_lines
from docs_index.warehouse.csv_grammar import check_table
from docs_index.warehouse.csv_table import read_table

ODD = ["a\rb", "a\nb", "a\r\nb", 'a"b', "a,b", "#a", " a ", "\u2028", "é", "'", "=1"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_odd_values_are_taken_back(newline: str, tmp_path: Path) -> None:
    db = duckdb.connect()
    db.execute("create table odd as select unnest(?::varchar[]) as a, null as b", [ODD])
    lines = relation_lines(db.table("odd"), newline=newline)
    content = "".join(lines).encode()
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    rows = read_table(db, check_table(path), ["a", "b"], numbered="line").fetchall()
    assert [(a, b) for _, a, b in rows] == [(value, None) for value in ODD]
    read = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert [row[0] for row in read[1:]] == ODD


def test_stray_directories_may_have_any_name(
    first_run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = copied(first_run.root, tmp_path_factory.mktemp("stray"))
    for name in (b"a\rb", b"a\nb", b'"', b"\xff", b"a,b", b"\xc3\xa9"):
        os.makedirs(os.fsencode(root) + b"/docs/draft/" + name + b"/" + name)
    (root / "docs" / "\r\n0").mkdir()
    good(materialize(root))
    report = root / "7_reporting" / "documents_consistency_report.csv"
    with report.open(newline="", encoding="utf-8") as file:
        strays = {row["doc_dir"] for row in csv.DictReader(file) if not row["doc_id"]}
    assert strays == {"\r\n0"} | {
        f"draft/{name}/{name}" for name in ("a\rb", "a\nb", '"', "\\udcff", "a,b", "é")
    }


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "private.csv"
    path.write_bytes(b"old")
    path.chmod(0o640)
    assert publish(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, b"a\nb\n"), (b"", b"a\nb\n"), (b"x\n", b"x\na\nb\n"), (b"x", b"x\na\nb\n")],
)
def test_lines_follow_what_is_there(
    tmp_path: Path, before: bytes | None, after: bytes
) -> None:
    path = tmp_path / "list.csv"
    if before is not None:
        path.write_bytes(before)
    assert publish_appended(path, ["a\n", "b\n"], "\n")
    assert path.read_bytes() == after


def test_without_lines_a_list_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"x")
    killed = tmp_path / ".list.csv.unpublished"
    killed.write_bytes(b"half")
    before = path.stat()
    assert not publish_appended(path, [], "\n")
    assert (path.stat(), path.read_bytes(), killed.exists()) == (before, b"x", False)
