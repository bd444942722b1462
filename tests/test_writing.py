"""Documents that programs add at run time: under the rules of the build, for good."""

import csv
import errno
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from building import (
    LOCK,
    REPOSITORY,
    contents,
    copied,
    documents,
    good,
    holding,
    index,
    materialize,
    query,
    report,
    run,
    snapshot,
    write,
)
from oracle import instant_of

from docs_index.audit.findings import Finding
from docs_index.audit.reindex import Options as ReindexOptions
from docs_index.audit.reindex import reindex
from docs_index.audit.verify import Options, verify
from docs_index.disk import directories, publish
from docs_index.errors import DocsIndexError, DocumentRefusedError, LockedError
from docs_index.index import writer
from docs_index.index.ids import instant_text, key, logical_key_id
from docs_index.index.new_row import NewDocument
from docs_index.index.reader import open_documents
from docs_index.index.row import Document
from docs_index.index.writer import Writer
from docs_index.layout import open_layout

OLD_DRAFT = "3c3to3503e0nzx69"
ODD = "".join(map(chr, range(1, 32))) + '\x7f\u2028\u202e"\\u001f\\/é😀'
DRAFT = NewDocument(
    stage="draft",
    task_id=f"t{ODD}",
    template_id=f"t{ODD}t",
    model_id="m",
    timestamp="2025-06-01 10:00+02:00",
    attempt_id=f"a{ODD}",
    combo_id=f"c{ODD}c",
    raw="one\r\ntwo\0é\ufeff",
    prompt="Write!",
)
ESSAY = NewDocument(
    stage="essay",
    task_id="e",
    template_id=" t ",
    model_id="another",
    timestamp="2025-06-01T10:00:00.5",
    attempt_id="2",
    parent_doc_id=OLD_DRAFT,
    raw="<essay> fine </essay>",
    parser="essay_block",
    parsed="fine",
)


def nothing(done: int, total: int) -> None:
    """Show no progress."""


def findings(root: Path) -> list[Finding]:
    return verify(open_layout(root), Options(share=1.0), nothing).findings


def add_all(root: Path) -> list[Document]:
    """Add a chain of documents, on old parents and on new ones, of every kind."""
    adding = Writer(root, run_id="autumn")
    draft = adding.add(DRAFT)
    essay = adding.add(ESSAY)
    later = replace(
        ESSAY, attempt_id="3", parent_doc_id=draft.doc_id, parser=None, parsed=None
    )
    score = NewDocument(
        stage="evaluation",
        task_id="v",
        template_id="t",
        model_id="judge",
        timestamp="2020-01-01",
        attempt_id="4",
        parent_doc_id=essay.doc_id,
        raw="no number",
        parser="in_last_line",
    )
    of_draft = replace(
        score, attempt_id="5", parent_doc_id=OLD_DRAFT, raw="SCORE: 7", parsed="7.0\n"
    )
    return [draft, essay, adding.add(later), adding.add(score), adding.add(of_draft)]


# Keys and instants -------------------------------------------------------------------


def test_keys_are_the_runtimes() -> None:
    with (REPOSITORY / "seeds/golden_keys.csv").open(newline="") as file:
        golden = list(csv.DictReader(file))
    assert len(golden) > 10
    for row in golden:
        parts = [row[f"part_{number}"] for number in range(1, 5)]
        assert key(*filter(None, parts)) == row["key"]
    assert logical_key_id("draft", "c1", "t", "m") == "1sxjg93vypthky4x"


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-01", "2025-01-01T23:59", "2025-01-01 00:00:59.1234567+0530",
        "2024-02-29-23:59", "2025-02-29", "0001-01-01+00:01", "0001-01-01",
        "9999-12-31T23:59:59.999999-00:01", "9999-12-31T23:59:59.9999999Z",
        "2025-01-01T24:00", "2025-01-01T10:00:60", "2025-01-01Z", "2025-1-1", "",
        "2025-01-01T10:00+24:00", "0000-01-01", "2025-01-01T10:00 ", "٢٠٢٥-01-01",
    ],
)  # fmt: skip
def test_instants_are_those_of_the_rules(text: str) -> None:
    assert instant_text(text) == (instant_of(text) or None)


# What is added -----------------------------------------------------------------------


def test_documents_have_the_row_and_the_files_of_the_rules(ran: Path) -> None:
    draft, essay, *_ = add_all(ran)
    assert draft.logical_key_id == key("draft", DRAFT.combo_id or "", f"t{ODD}t", "m")
    assert draft.doc_id == key(draft.logical_key_id, "autumn", DRAFT.attempt_id)
    assert essay.logical_key_id == key("essay", OLD_DRAFT, "t", "another")
    assert essay.created_at == "2025-06-01T10:00:00.500000Z"
    assert essay.meta == {
        "combo_id": "combo_v1_2be8d6",
        "link_method": "given",
        "parent_task_id": "combo_v1_2be8d6_bridge-v0_aurora-7b",
        "response_file": None,
        "row_index": None,
        "row_key": "2",
        "source_csv": "runtime",
        "timestamp": "2025-06-01T10:00:00.5",
    }
    folder = ran / "docs" / draft.doc_dir
    assert (folder / "raw.txt").read_bytes() == DRAFT.raw.encode()
    assert (folder / "parsed.txt").read_bytes() == DRAFT.raw.encode()
    assert (folder / "prompt.txt").read_text() == "Write!"
    with open_documents(ran) as reader:
        assert reader.get(draft.doc_id) == draft
        assert reader.latest_by_task("essay", "e") is not None
        assert reader.children(OLD_DRAFT)[0] == essay


def test_verifying_accepts_them(ran: Path) -> None:
    add_all(ran)
    assert findings(ran) == []


def test_reindexing_restores_them_after_their_parents(ran: Path) -> None:
    added = add_all(ran)
    wanted = sorted(query(ran, "select * from documents"))
    output = ran / "new.sqlite"
    summary = reindex(open_layout(ran), ReindexOptions(output=output), nothing)
    assert summary.findings == []
    output.replace(index(ran))
    assert sorted(query(ran, "select * from documents")) == wanted
    order = [
        doc_id
        for (doc_id,) in query(ran, "select doc_id from documents order by rowid")
    ]
    for document in added:
        if document.parent_doc_id:
            assert order.index(document.parent_doc_id) < order.index(document.doc_id)


def test_a_run_of_the_build_leaves_them_alone(ran: Path) -> None:
    added = add_all(ran)
    docs, rows = snapshot(ran / "docs"), query(ran, "select * from documents")
    good(materialize(ran))
    assert snapshot(ran / "docs") == docs
    assert query(ran, "select * from documents") == rows
    consistency = {row["doc_id"]: row for row in report(ran, "consistency")}
    latest = {row["doc_id"] for row in report(ran, "latest")}
    for document in added:
        assert consistency[document.doc_id]["content_matches"] == "true"
        assert (document.doc_id in latest) == (document.status == "ok")
    assert findings(ran) == []


def test_a_first_document_makes_the_index(tmp_path: Path) -> None:
    draft = Writer(tmp_path, run_id="r").add(DRAFT)
    assert [row["doc_id"] for row in documents(tmp_path)] == [draft.doc_id]
    assert findings(tmp_path) == []
    assert not (tmp_path / "docs" / ".unpublished").exists()


DAMAGES: dict[str, tuple[str, str, str]] = {
    "a foreign row_key": ("row_key", "draft:t:2025-01-01:1", "row_key_differs"),
    "a blank row_key": ("row_key", " ", "row_key_differs"),
    "a table as its source": ("source_csv", "essay", "parent_wrong"),
    "a derived link": ("link_method", "timestamp_join", "parent_wrong"),
    "another parsed text": ("parsed.txt", "wine", "parsed_differs"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_verifying_still_finds_damage_to_them(ran: Path, damage: str) -> None:
    name, value, code = DAMAGES[damage]
    essay = Writer(ran, run_id="autumn").add(ESSAY)
    folder = ran / "docs" / essay.doc_dir
    if name == "parsed.txt":
        (folder / name).write_text(value)
    else:
        metadata = (folder / "metadata.json").read_text()
        changed = re.sub(rf'("{name}": ")[^"]*', rf"\g<1>{value}", metadata)
        assert changed != metadata
        (folder / "metadata.json").write_text(changed)
        small = re.sub(rf'("{name}":")[^"]*', rf"\g<1>{value}", essay.meta_small)
        with sqlite3.connect(index(ran)) as connection:
            connection.execute("drop trigger documents_are_never_updated")
            update = "update documents set meta_small = ? where doc_id = ?"
            connection.execute(update, [small, essay.doc_id])
        connection.close()
    assert code in {each.code for each in findings(ran)}


# What is refused ---------------------------------------------------------------------

REFUSED: dict[str, tuple[NewDocument, str]] = {
    "a blank task": (replace(ESSAY, task_id=" \n"), "task_id is blank"),
    "no combo": (replace(DRAFT, combo_id=None), "combo_id is blank"),
    "no parent": (replace(ESSAY, parent_doc_id=None), "parent_doc_id is blank"),
    "a combo": (replace(ESSAY, combo_id="c"), "leave combo_id out"),
    "a draft's parent": (replace(DRAFT, parent_doc_id=OLD_DRAFT), "has no parent"),
    "unknown parent": (replace(ESSAY, parent_doc_id="x"), "'x' is not in the index"),
    "parent's stage": (
        replace(ESSAY, parent_doc_id="6z2jk819zukzyq1z"), "parent is of stage essay",
    ),
    "a later parent": (replace(ESSAY, timestamp="2025-01-01"), "its parent is later"),
    "timestamp": (replace(ESSAY, timestamp="2025-02-30"), "'2025-02-30' is invalid"),
    "stage": (replace(ESSAY, stage="link"), "stage must be one of draft, essay"),
    "a row's key": (replace(ESSAY, attempt_id="link:t:2:1"), "begins like the row_key"),
    "parser": (replace(ESSAY, parser="mine"), "parser 'mine' is none of identity"),
    "identity": (replace(ESSAY, parser="identity"), "parsed must equal raw"),
    "parsed by nobody": (replace(ESSAY, parser=None), "but no parser is named"),
    "a surrogate": (replace(ESSAY, raw="\ud800"), "raw is not UTF-8"),
    "a NUL": (replace(ESSAY, model_id="m\0"), "model_id is not UTF-8, or has a NUL"),
    "out of the folder": (replace(ESSAY, legacy_file="../x"), "is not below 3_gen"),
    "an absolute path": (replace(ESSAY, legacy_file="/x"), "legacy_file is not below"),
    "several": (replace(ESSAY, stage="x", task_id=""), "is blank\n  stage must"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_what_the_rules_do_not_allow_is_refused(ran: Path, fault: str) -> None:
    new, message = REFUSED[fault]
    before = contents(ran)
    with pytest.raises(DocumentRefusedError, match=re.escape(message)):
        Writer(ran, run_id="autumn").add(new)
    assert contents(ran) == before


def test_an_attempt_id_stands_for_one_document(ran: Path) -> None:
    adding = Writer(ran, run_id="autumn")
    essay = adding.add(ESSAY)
    before = snapshot(ran / "docs")
    assert adding.add(ESSAY) == essay
    for other in (
        replace(ESSAY, raw="<essay>fine</essay>"),
        replace(ESSAY, task_id="f"),
    ):
        with pytest.raises(
            DocumentRefusedError, match=f"as {essay.doc_id}, with other"
        ):
            adding.add(other)
    assert snapshot(ran / "docs") == before
    assert len(documents(ran, "run_id = 'autumn'")) == 1
    Writer(ran, run_id="winter").add(ESSAY)
    assert len(documents(ran, "row_key = '2'")) == 2


def test_what_is_in_the_way_is_left_alone(ran: Path, tmp_path: Path) -> None:
    twin = copied(ran, tmp_path / "twin")
    essay = Writer(ran, run_id="autumn").add(ESSAY)
    other = replace(ESSAY, attempt_id="9")
    whole = twin / "docs" / Writer(twin, run_id="autumn").add(other).doc_dir
    folder = ran / "docs" / "essay" / essay.logical_key_id
    doc_id = key(essay.logical_key_id, "autumn", "9")
    for obstacle in ("a file", "a link", "a directory", "one with one file more"):
        path = folder / doc_id
        if obstacle == "a file":
            path.write_text("")
        elif obstacle == "a link":
            path.symlink_to(folder / essay.doc_id)
        elif obstacle == "a directory":
            path.mkdir()
        else:
            shutil.copytree(whole, path)
            (path / "more.txt").touch()
        before = contents(ran)
        with pytest.raises(DocumentRefusedError, match="it was not changed"):
            Writer(ran, run_id="autumn").add(other)
        assert contents(ran) == before
        is_folder = path.is_dir() and not path.is_symlink()
        shutil.rmtree(path) if is_folder else path.unlink()


# Order, kills and others at work -----------------------------------------------------


def test_a_writer_goes_on_where_one_was_killed(left_half_written: Path) -> None:
    document = Writer(left_half_written, run_id="r").add(DRAFT)
    with open_documents(left_half_written) as found:
        assert found.find(document.doc_id) == document
    half = "select * from sqlite_master where name = 'half'"
    assert query(left_half_written, half) == []


def test_a_directory_is_there_before_its_row(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def insert(rows: object, document: Document) -> None:
        folder = ran / "docs" / document.doc_dir
        seen.extend(sorted(path.name for path in folder.iterdir()))
        raise KeyboardInterrupt

    monkeypatch.setattr(writer._InSQLite, "insert", insert)
    with pytest.raises(KeyboardInterrupt):
        Writer(ran, run_id="autumn").add(ESSAY)
    assert seen == ["metadata.json", "parsed.txt", "raw.txt"]
    assert documents(ran, "run_id = 'autumn'") == []
    monkeypatch.undo()
    essay = Writer(ran, run_id="autumn").add(ESSAY)  # completes it
    assert [row["doc_id"] for row in documents(ran, "run_id = 'autumn'")] == [
        essay.doc_id
    ]
    assert findings(ran) == []


def test_a_directory_without_a_row_is_taken_only_if_it_is_the_same(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def insert(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writer._InSQLite, "insert", insert)
    with pytest.raises(KeyboardInterrupt):
        Writer(ran, run_id="autumn").add(ESSAY)
    monkeypatch.undo()
    with pytest.raises(DocumentRefusedError, match="is another document"):
        Writer(ran, run_id="autumn").add(replace(ESSAY, parsed="other"))
    assert documents(ran, "run_id = 'autumn'") == []


def test_a_failed_write_leaves_no_directory(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    really_write = publish.write_file

    def fail(path: str, content: bytes, **more: Any) -> None:
        if written:
            raise OSError(errno.ENOSPC, "no space")
        really_write(path, content, **more)
        written.append(path)

    before = contents(ran)
    monkeypatch.setattr(directories, "write_file", fail)
    with pytest.raises(OSError, match="no space") as failed:
        Writer(ran, run_id="autumn").add(ESSAY)
    assert contents(ran) == before
    assert len(written) == 1
    assert "/docs/.unpublished/" in str(failed.value.filename)


def test_all_is_synced_before_it_has_its_name(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    fsync, rename = os.fsync, os.rename

    def synced(descriptor: int) -> None:
        events.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    def renamed(source: str, target: Path, *, src_dir_fd: int) -> None:
        events.append("rename")
        rename(source, target, src_dir_fd=src_dir_fd)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    essay = Writer(ran, run_id="autumn").add(ESSAY)
    before = events[: events.index("rename")]
    beside = f"{ran}/docs/.unpublished/{essay.doc_id}"
    names = ("raw.txt", "parsed.txt", "metadata.json")
    folder = f"{beside}/{essay.doc_id}"
    assert {beside, folder, *(f"{folder}/{name}" for name in names)} <= set(before)
    assert f"{ran}/docs/essay" in events[events.index("rename") :]


def test_a_power_cut_takes_no_row_back(ran: Path) -> None:
    """With FULL, which is the default, the removal of the journal is not synced."""
    with writer._writing(open_layout(ran), 1.0) as rows:
        connection = rows.connection
        assert connection.execute("pragma synchronous").fetchone() == (3,)  # EXTRA
        assert connection.execute("pragma journal_mode").fetchone() == ("delete",)


def test_the_names_of_a_new_index_and_its_folder_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    Writer(tmp_path, run_id="autumn").add(DRAFT)
    assert {f"{tmp_path}", f"{tmp_path}/db", f"{tmp_path}/docs"} <= set(synced)


def test_the_lock_is_waited_for_and_let_go(ran: Path) -> None:
    lock = ran / "db" / ".lock"
    with holding(ran, lock, LOCK) as process:
        with pytest.raises(LockedError, match=f"process {process}"):
            Writer(ran, run_id="autumn", patience_s=0.2).add(ESSAY)
        assert documents(ran, "run_id = 'autumn'") == []
        adding = threading.Thread(target=Writer(ran, run_id="autumn").add, args=[ESSAY])
        adding.start()
    adding.join()  # the other one has ended
    assert len(documents(ran, "run_id = 'autumn'")) == 1
    assert lock.read_text() == ""
    good(materialize(ran))  # this process does not hold it any longer


def test_an_index_that_another_program_writes_is_waited_for(ran: Path) -> None:
    adding = Writer(ran, run_id="autumn", patience_s=0.2)
    with closing(sqlite3.connect(index(ran))) as other:
        other.execute("begin immediate")
        with pytest.raises(LockedError, match="in use by another connection"):
            adding.add(ESSAY)
    assert documents(ran, "run_id = 'autumn'") == []
    assert (
        adding.add(ESSAY).doc_dir == documents(ran, "run_id = 'autumn'")[0]["doc_dir"]
    )
    assert findings(ran) == []


def test_threads_and_processes_take_turns(ran: Path) -> None:
    program = (
        "import sys; from docs_index.index.new_row import NewDocument\n"
        "from docs_index.index.writer import Writer\n"
        "for number in range(10):\n"
        "    Writer(sys.argv[1], run_id='r').add(NewDocument(stage='draft', task_id="
        "'t', template_id='t', model_id='m', timestamp='2025-01-01', combo_id='c', "
        "attempt_id=f'{sys.argv[2]} {number}', raw='x'))\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(ran), name])
        for name in "ab"
    ]

    def add_many(name: str) -> None:
        for number in range(10):
            attempt = replace(ESSAY, attempt_id=f"{name} {number}")
            Writer(ran, run_id="r").add(attempt)

    threads = [threading.Thread(target=add_many, args=[name]) for name in "cd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(documents(ran, "run_id = 'r'")) == 40
    assert findings(ran) == []


# The legacy location -----------------------------------------------------------------

LEGACY = replace(ESSAY, legacy_file="essay_responses/new/e.txt")


def test_a_second_copy_goes_to_the_legacy_location(ran: Path) -> None:
    path = ran / "3_generation/essay_responses/new/e.txt"
    essay = Writer(ran, run_id="autumn").add(LEGACY)
    assert path.read_text() == ESSAY.raw
    assert os.listdir(path.parent) == ["e.txt"]
    assert essay.meta["response_file"] == LEGACY.legacy_file
    assert findings(ran) == []
    path.unlink()  # a kill, or the end of the soak
    assert findings(ran) == []
    assert Writer(ran, run_id="autumn").add(LEGACY) == essay
    assert path.read_text() == ESSAY.raw
    path.write_text(ESSAY.raw.upper())
    assert [each.code for each in findings(ran)] == ["source_changed"]


def test_the_legacy_location_is_never_written_over_or_out_of(
    ran: Path, tmp_path: Path
) -> None:
    write(ran, "3_generation/essay_responses/new/e.txt", "theirs")
    (ran / "3_generation/out").symlink_to(tmp_path)
    (ran / "3_generation/link.txt").symlink_to(tmp_path / "outside.txt")
    before = contents(ran)
    for path in ("essay_responses/new/e.txt", "out/e.txt", "link.txt"):
        with pytest.raises(DocsIndexError):
            Writer(ran, run_id="autumn").add(replace(ESSAY, legacy_file=path))
    assert contents(ran) == before
    assert not (tmp_path / "outside.txt").exists()
    assert not (tmp_path / "e.txt").exists()


def test_writing_imports_neither_dbt_nor_duckdb(ran: Path) -> None:
    program = (
        "import sys, docs_index.index.writer, docs_index.index.reader\n"
        "assert not {'duckdb', 'dbt', 'typer'} & set(sys.modules)"
    )
    good(run(ran, [sys.executable, "-c", program], {}))
