"""CSV that is written is CSV that is taken back, whatever the values."""

import csv
import io
import os
import stat
from pathlib import Path

import duckdb
import pytest
from building import Run, copied, good, materialize

from docs_index.disk.publish import (
    TakenError,
    appending,
    publish,
    publish_file,
    publish_new,
    write_file,
)
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
    with appending(path, ["a\n", "b\n"], "\n") as unpublished:
        assert unpublished is not None
        assert unpublished.read_bytes() == after
    assert not unpublished.exists()
    assert path.read_bytes() == after


def test_without_lines_a_list_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"x")
    killed = tmp_path / ".list.csv.unpublished"
    killed.write_bytes(b"half")
    before = path.stat()
    with appending(path, [], "\n") as unpublished:
        assert unpublished is None
    assert (path.stat(), path.read_bytes(), killed.exists()) == (before, b"x", False)


def test_a_copy_that_does_not_differ_is_not_published(tmp_path: Path) -> None:
    path, made = tmp_path / "list.csv", tmp_path / "made.csv"
    made.write_bytes(b"a\n")
    assert publish_file(path, made)
    before = path.stat()
    assert not publish_file(path, made)
    assert path.stat() == before


def test_a_name_is_on_the_disk_before_anything_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.csv"
    done: list[object] = []
    really_sync, really_replace = os.fsync, os.replace

    def sync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        done.append("folder" if is_folder else "file")
        really_sync(descriptor)

    def replace(made: Path, final: Path) -> None:
        done.append("named")
        really_replace(made, final)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", replace)
    assert publish(path, b"new")
    with appending(path, ["a\n"], "\n"):
        pass
    assert done == ["file", "named", "folder"] * 2


# One writing of a file --------------------------------------------------------------


def test_a_file_is_written_whole_by_short_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_write = os.write
    monkeypatch.setattr(os, "write", lambda to, content: really_write(to, content[:3]))
    write_file(tmp_path / "x.txt", b"a long text")
    assert (tmp_path / "x.txt").read_bytes() == b"a long text"


def test_a_file_is_never_written_over_or_through_a_link(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.txt"
    theirs.write_bytes(b"theirs, and longer")
    (tmp_path / "link.txt").symlink_to(theirs)
    (tmp_path / "nowhere.txt").symlink_to("new.txt")
    for name in ("theirs.txt", "link.txt", "nowhere.txt"):
        with pytest.raises(FileExistsError):
            write_file(tmp_path / name, b"ours")
    assert theirs.read_bytes() == b"theirs, and longer"
    assert not (tmp_path / "new.txt").exists()


def test_a_new_file_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "folder/x.txt"
    publish_new(path, b"ours")
    publish_new(path, b"ours")
    for other in (b"theirs", b"our", b"ours and more"):
        path.write_bytes(other)
        with pytest.raises(TakenError):
            publish_new(path, b"ours")
        assert path.read_bytes() == other
    assert os.listdir(path.parent) == ["x.txt"]


@pytest.mark.parametrize("kind", ["a link", "a folder", "a pipe"])
def test_a_new_file_leaves_alone_what_is_not_a_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.txt"
    (tmp_path / "same.txt").write_bytes(b"ours")
    if kind == "a link":
        path.symlink_to("same.txt")
    elif kind == "a folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    before = os.lstat(path)
    with pytest.raises(TakenError):
        publish_new(path, b"ours")
    assert os.lstat(path) == before
