"""verify, reindex and restore of packed documents do what they do for directories."""

import json
import os
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest
from building import (
    LOCK,
    REPOSITORY,
    Run,
    contents,
    copied,
    documents,
    good,
    holding,
    index,
    materialize,
    run,
    script,
    snapshot,
)
from dying import KILLED
from forking import DYING
from packing import (
    pack,
    replaced,
    row_of,
    rows_of,
    shard_of,
    shards,
    unpacked,
    written,
)
from schemas import fits, schema
from test_reading import ask

from docs_index.audit import disk_tables
from docs_index.audit import reindex as reindexing
from docs_index.audit.findings import as_object
from docs_index.audit.restore import Options as RestoreOptions
from docs_index.audit.restore import Summary, restore
from docs_index.audit.verify import Options, verify
from docs_index.disk.confined import digest_of
from docs_index.errors import DataRootError, StorageError
from docs_index.layout import open_layout
from docs_index.packs import shard_file
from docs_index.packs.manifest import Shard, append_to_manifest, write_manifest

MANIFEST = "docs/packs/manifest.jsonl"
SCRIPT = REPOSITORY / "scripts" / "restore_docs.py"
Files = dict[str, dict[str, bytes]]


def nothing(done: int, total: int) -> None:
    """Show no progress."""


def found(root: Path, share: float = 1.0) -> dict[str, Any]:
    options = Options(share=share, read_data=f"{share:.0%}")
    return as_object(verify(open_layout(root), options, nothing))


def counts(root: Path, share: float = 1.0) -> dict[str, int]:
    counted: dict[str, int] = found(root, share)["counts"]
    return counted


def restored(root: Path, *doc_ids: str, **options: bool) -> Summary:
    wanted = RestoreOptions(doc_ids, **options)  # type: ignore[arg-type]
    return restore(open_layout(root), wanted, nothing)


def applied(root: Path, *doc_ids: str, **options: bool) -> Summary:
    return restored(root, *doc_ids, apply=True, **options)


def reindexed(root: Path, **options: bool) -> reindexing.Summary:
    output = root / "db/documents.reindexed.sqlite"
    wanted = reindexing.Options(output, replace=True, **options)
    return reindexing.reindex(open_layout(root), wanted, nothing)


def path_of(root: Path, shard: Shard) -> Path:
    return root / "docs/packs" / shard.file


def kept(root: Path) -> list[bytes]:
    """Return what was moved aside."""
    files = (root / "docs_damaged").rglob("*")
    return [path.read_bytes() for path in files if path.is_file()]


@pytest.fixture(scope="module")
def packed_run(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished root whose documents are packed."""
    root = copied(first_run.root, tmp_path_factory.mktemp("packed"))
    pack(root)
    return root


@pytest.fixture
def root(packed_run: Path, tmp_path: Path) -> Path:
    return copied(packed_run, tmp_path)


@pytest.fixture(scope="module")
def whole(packed_run: Path) -> Files:
    """What readers find where nothing is damaged."""
    return unpacked(packed_run)


# A clean store ------------------------------------------------------------------------


@pytest.mark.parametrize("read_data", ["none", "5%", "all"])
def test_nothing_is_found_on_a_clean_store_and_nothing_changes(
    root: Path, read_data: str
) -> None:
    before = snapshot(root)
    process = good(script(root, "verify_docs.py", "--json", "--read-data", read_data))
    assert snapshot(root) == before
    report = json.loads(process.stdout)
    assert report["findings"] == []
    assert report["sources_missing"] == 0
    assert report["documents"] == report["directories"] == 32
    assert (report["documents_read"] == 32) == (read_data == "all")
    assert restored(root).found == []


def test_the_shards_hold_the_files_of_the_directories(
    whole: Files, first_run: Run
) -> None:
    layout = open_layout(first_run.root)
    assert whole == {
        each["doc_dir"]: row_of(layout, each["doc_dir"]).files
        for each in documents(first_run.root)
    }


@pytest.mark.slow
def test_workers_find_nothing_on_many_documents(large_run: Run, tmp_path: Path) -> None:
    root = copied(large_run.root, tmp_path)
    pack(root)
    good(script(root, "verify_docs.py", "--read-data", "all", "--workers", "2"))
    good(script(root, "restore_docs.py", "--workers", "2"))


# Damage -------------------------------------------------------------------------------


def flip_byte(root: Path, *, at: float = 0.3) -> Path:
    """Flip a bit of the shard of essays."""
    path = path_of(root, shard_of(root, "essay"))
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 16
    path.write_bytes(content)
    return path


def cut_off(root: Path) -> Path:
    path = path_of(root, shard_of(root, "essay"))
    os.truncate(path, path.stat().st_size // 2)
    return path


def delete_shard(root: Path) -> Path:
    path = path_of(root, shard_of(root, "essay"))
    path.unlink()
    return path


def put_a_link(root: Path) -> Path:
    path = path_of(root, shard_of(root, "essay"))
    shutil.move(path, root / "elsewhere")
    path.symlink_to(root / "elsewhere")
    return path


def remove_line(root: Path) -> Path:
    shard = shard_of(root, "essay")
    lines = [each for each in shards(root) if each != shard]
    write_manifest(open_layout(root), lines)
    return path_of(root, shard)


def write_garbage(root: Path) -> Path:
    path = root / MANIFEST
    path.write_bytes(path.read_bytes().replace(b'"essay/', b'"essay:', 1))
    return path


def delete_manifest(root: Path) -> Path:
    path = root / MANIFEST
    path.unlink()
    return path


def change_text(root: Path) -> Path:
    shard = shard_of(root, "essay")
    rows = rows_of(root, shard)
    rows[0] = rows[0]._replace(raw=b"damaged")
    replaced(root, shard, rows)
    return root / "docs" / rows[0].doc_dir / "raw.txt"


def forget_text(root: Path) -> Path:
    shard = shard_of(root, "essay")
    rows = rows_of(root, shard)
    rows[0] = rows[0]._replace(parsed=None)
    replaced(root, shard, rows)
    return root / "docs" / rows[0].doc_dir / "parsed.txt"


def change_metadata(root: Path) -> Path:
    shard = shard_of(root, "essay")
    rows = rows_of(root, shard)
    rows[-1] = rows[-1]._replace(metadata=b"\xff")
    replaced(root, shard, rows)
    return root / "docs" / rows[-1].doc_dir / "metadata.json"


def leave_out(root: Path) -> Path:
    shard = shard_of(root, "essay")
    rows = rows_of(root, shard)
    replaced(root, shard, rows[1:])
    return root / "docs" / rows[0].doc_dir


def repeat(root: Path) -> Path:
    layout = open_layout(root)
    row = rows_of(root, shard_of(root, "essay"))[1]
    append_to_manifest(layout, [written(layout, "essay", [row])])
    return layout.docs / row.doc_dir


def leave_a_shard(root: Path) -> Path:
    """Do what a run has done that was killed before it wrote the manifest."""
    row = rows_of(root, shard_of(root, "draft"))[0]
    new = row._replace(doc_id="0" * 16, doc_dir=f"draft/{'0' * 16}/{'0' * 16}")
    return path_of(root, written(open_layout(root), "draft", [new]))


def relist(root: Path, **changes: Any) -> Path:
    """Change the line of the shard of essays."""
    shard = shard_of(root, "essay")
    lines = [
        replace(each, **changes) if each == shard else each for each in shards(root)
    ]
    write_manifest(open_layout(root), lines)
    return path_of(root, shard)


def count_wrongly(root: Path) -> Path:
    return relist(root, documents=shard_of(root, "essay").documents + 1)


def unsort(root: Path) -> Path:
    shard = shard_of(root, "essay")
    rows = rows_of(root, shard)
    assert len(rows) > 2
    return path_of(root, replaced(root, shard, [rows[0], *rows[:0:-1]]))


def mix_stages(root: Path) -> Path:
    draft, essay = shard_of(root, "draft"), shard_of(root, "essay")
    drafts, essays = rows_of(root, draft), rows_of(root, essay)
    replaced(root, draft, drafts[1:])
    by_id = sorted([drafts[0], *essays], key=lambda row: row.doc_id)
    return path_of(root, replaced(root, essay, by_id))


def rename_shard(root: Path) -> Path:
    shard = shard_of(root, "essay")
    name = f"essay/{'0' * 16}-{shard.last}-{shard.sha256[:16]}.parquet"
    path_of(root, shard).rename(root / "docs/packs" / name)
    relist(root, file=name)
    return root / "docs/packs" / name


def put_noise(root: Path) -> Path:
    """Put a file that is no shard, with the right line."""
    shard = shard_of(root, "essay")
    path = path_of(root, shard)
    path.write_bytes(b"noise" * 99)
    sha256, size = digest_of(path)
    name = f"essay/{shard.first}-{shard.last}-{sha256[:16]}.parquet"
    path.rename(root / "docs/packs" / name)
    relist(root, file=name, sha256=sha256, bytes=size)
    return root / "docs/packs" / name


DAMAGES: dict[str, tuple[Callable[[Path], Path], set[str]]] = {
    "a flipped byte": (flip_byte, {"shard_differs"}),
    "a shard cut off": (cut_off, {"shard_differs", "directory_missing"}),
    "a shard deleted": (delete_shard, {"shard_missing", "directory_missing"}),
    "a link": (put_a_link, {"shard_differs", "directory_missing"}),
    "a line removed": (remove_line, {"shard_unlisted", "directory_missing"}),
    "a damaged line": (write_garbage, {"manifest_damaged"}),
    "no manifest": (delete_manifest, {"manifest_damaged"}),
    "another text": (change_text, {"size_differs"}),
    "no parsed text": (forget_text, {"file_missing"}),
    "metadata that is no text": (change_metadata, {"metadata_unreadable"}),
    "a document less": (leave_out, {"directory_missing"}),
    "a document twice": (repeat, {"document_repeated"}),
    "another number": (count_wrongly, {"shard_wrong"}),
    "not in order": (unsort, {"shard_wrong"}),
    "of two stages": (mix_stages, {"shard_wrong"}),
    "another name": (rename_shard, {"shard_wrong"}),
    "no shard at all": (put_noise, {"shard_wrong", "directory_missing"}),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_and_put_right(name: str, root: Path, whole: Files) -> None:
    damage, codes = DAMAGES[name]
    path = damage(root)
    before = snapshot(root)
    report = found(root)
    told = {each["code"] for each in report["findings"]}
    if name == "a flipped byte":  # where the text is decides whether it can be read
        assert told >= codes
    else:
        assert told == codes
    paths = {each["path"] for each in report["findings"]}
    assert str(path.relative_to(root)) in paths
    assert len([each for each in paths if each.startswith("docs/packs")]) <= 1
    plan = restored(root)
    assert snapshot(root) == before
    assert plan.restored
    result = applied(root)
    assert [each._replace(moved_to=None) for each in result.found] == plan.found
    assert result.unrestorable == plan.unrestorable == 0
    assert found(root)["findings"] == []
    assert unpacked(root) == whole
    done = snapshot(root)
    assert applied(root).found == []
    assert snapshot(root) == done


def test_the_old_shard_is_kept_as_it_was(root: Path) -> None:
    path = cut_off(root)
    cut = path.read_bytes()
    result = applied(root)
    assert kept(root) == [cut]
    moved = f"docs_damaged/packs/essay/1/{path.name}"
    assert (root / moved).is_file()
    assert {each.moved_to for each in result.found} == {"docs_damaged/packs/essay/1"}


def test_only_documents_of_a_missing_shard_are_called_missing(root: Path) -> None:
    shard = shard_of(root, "essay")
    delete_shard(root)
    assert counts(root) == {"shard_missing": 1, "directory_missing": shard.documents}


def test_a_broken_row_group_does_not_lose_the_others(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docs_index.packs.writing._GROUP_ROWS", 3)
    shard = shard_of(root, "draft")
    rows = rows_of(root, shard)
    new = replaced(root, shard, rows)
    groups = shard_file.ShardFile(open_layout(root), new.file).groups()
    assert len(groups) > 3
    path = path_of(root, new)
    content = bytearray(path.read_bytes())
    content[4:40] = b"\xff" * 36  # the first page of the first group
    path.write_bytes(content)
    assert counts(root) == {"shard_differs": 1, "directory_missing": 3}
    shutil.rmtree(root / "3_generation")
    result = applied(root)
    assert result.unrestorable == 3
    assert found(root)["counts"] == {"directory_missing": 3}
    assert unpacked(root).keys() == {row.doc_dir for row in rows[3:]} | {
        each["doc_dir"] for each in documents(root, "stage != 'draft'")
    }


def test_every_flipped_byte_is_found_and_put_right(
    packed_run: Path, tmp_path: Path, whole: Files
) -> None:
    draw = random.Random(20250301)
    for turn in range(6):
        root = copied(packed_run, tmp_path / str(turn))
        shard = draw.choice(shards(root))
        path = path_of(root, shard)
        content = bytearray(path.read_bytes())
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        path.write_bytes(content)
        assert found(root, share=0)["counts"]["shard_differs"] == 1
        assert applied(root, take_prompts=True).unrestorable == 0
        assert found(root)["findings"] == []
        assert unpacked(root) == whole


def test_everything_comes_back_from_the_sources(root: Path, whole: Files) -> None:
    shutil.rmtree(root / "docs")
    assert counts(root) == {"manifest_damaged": 1, "directory_missing": 32}
    assert applied(root).unrestorable == 0
    assert unpacked(root) == whole
    assert found(root)["findings"] == []


def test_what_is_nowhere_any_more_is_told_and_nothing_is_lost(root: Path) -> None:
    shutil.rmtree(root / "3_generation")
    path = delete_shard(root)
    before = contents(root)
    result = applied(root)
    assert (result.restored, result.unrestorable) == (0, len(result.found))
    told = [each.problem for each in result.found]
    assert "none of its documents" in str(told)
    assert all(told)
    assert contents(root) == before
    assert not path.exists()


def test_only_the_named_documents_are_restored(root: Path, whole: Files) -> None:
    shard = shard_of(root, "draft")
    rows = rows_of(root, shard)
    rows[0] = rows[0]._replace(raw=b"first")
    rows[1] = rows[1]._replace(raw=b"second")
    replaced(root, shard, rows)
    result = applied(root, rows[0].doc_id)
    assert [each.doc_id for each in result.found] == [rows[0].doc_id]
    now = unpacked(root)
    assert now[rows[0].doc_dir] == whole[rows[0].doc_dir]
    assert now[rows[1].doc_dir]["raw.txt"] == b"second"


@pytest.mark.parametrize("place", [0, 1])
def test_of_two_rows_of_a_document_the_right_one_stays(
    root: Path, whole: Files, place: int
) -> None:
    shutil.rmtree(root / "3_generation")
    layout = open_layout(root)
    shard = shard_of(root, "essay")
    rows = rows_of(root, shard)
    damaged = rows[1]._replace(raw=b"damaged")
    if place == 0:
        replaced(root, shard, [rows[0], damaged, *rows[2:]])
    second = damaged if place == 1 else rows[1]
    append_to_manifest(layout, [written(layout, "essay", [second])])
    assert counts(root)["document_repeated"] == 1
    assert applied(root).unrestorable == 0
    assert unpacked(root) == whole
    assert found(root)["findings"] == []


def test_a_prompt_that_differs_needs_the_users_word(root: Path, whole: Files) -> None:
    shard = shard_of(root, "draft")
    rows = rows_of(root, shard)
    place = next(n for n, row in enumerate(rows) if row.prompt)
    rows[place] = rows[place]._replace(prompt=b"another prompt")
    replaced(root, shard, rows)
    assert counts(root) == {"prompt_differs": 1}
    assert "differ: if that is right" in str(applied(root).found[0].problem)
    assert applied(root, take_prompts=True).unrestorable == 0
    assert unpacked(root) == whole


def test_a_link_in_the_place_of_a_folder_is_not_followed(root: Path) -> None:
    folder = root / "docs/packs/essay"
    shutil.move(folder, root / "elsewhere")
    folder.symlink_to(root / "elsewhere")
    with pytest.raises(DataRootError, match="docs/packs/essay is a link"):
        open_layout(root)


def test_a_shard_that_was_lost_from_the_manifest_is_named_again(root: Path) -> None:
    path = remove_line(root)
    result = applied(root)
    assert [each.path for each in result.found] == [MANIFEST]
    assert path.is_file()
    assert len(shards(root)) == len(list((root / "docs/packs").rglob("*.parquet")))


def test_what_a_killed_run_left_is_found_and_not_named(root: Path) -> None:
    path = leave_a_shard(root)
    assert counts(root) == {"shard_unlisted": 1}
    assert applied(root).found == []
    assert path.is_file()
    with holding(root, root / "db/.lock", LOCK):
        report = found(root)
    assert (report["findings"], report["undecided"]) == ([], 1)


def test_a_leftover_with_a_document_of_its_own_stays(root: Path) -> None:
    path = leave_a_shard(root)
    assert "already" in ask(root, "repack", "--merge").stdout
    good(materialize(root))
    refused = ask(root, "repack", "--layout", "directories")
    assert refused.exit_code == 2
    assert f"draft/{'0' * 16}/{'0' * 16}" in refused.stderr
    assert path.is_file()


def test_stray_entries_are_found(root: Path) -> None:
    (root / "docs/packs/note.txt").write_text("x")
    (root / "docs/packs/essay/note.txt").write_text("x")
    (root / "docs/packs/empty").mkdir()
    (root / "docs/note.txt").write_text("x")
    paths = {each["path"] for each in found(root)["findings"]}
    assert paths == {
        "docs/packs/note.txt",
        "docs/packs/essay/note.txt",
        "docs/note.txt",
    }
    assert set(counts(root)) == {"stray_entry"}


def test_a_manifest_that_was_not_published_is_of_a_killed_run(root: Path) -> None:
    (root / "docs/packs/.manifest.jsonl.unpublished").write_text("{")
    assert counts(root) == {"unfinished_run": 1}


def test_directories_beside_shards_are_of_a_stopped_repack(
    root: Path, first_run: Run
) -> None:
    shutil.copytree(first_run.root / "docs/draft", root / "docs/draft")
    shutil.copytree(first_run.root / "docs/essay", root / "docs/essay")
    [finding] = found(root)["findings"]
    assert (finding["code"], finding["path"]) == ("unfinished_repack", "docs/draft")
    assert "docs/draft, docs/essay" in finding["detail"]


def test_shards_beside_directories_are_of_a_stopped_repack(
    ran: Path, packed_run: Path
) -> None:
    shutil.copytree(packed_run / "docs/packs", ran / "docs/packs")
    [finding] = found(ran)["findings"]
    assert (finding["code"], finding["path"]) == ("unfinished_repack", "docs/packs")


def test_the_disk_says_what_a_damaged_index_does_not(root: Path) -> None:
    with closing(sqlite3.connect(index(root))) as connection, connection:
        connection.execute("drop table storage")
    told = counts(root)
    assert set(told) == {"schema_differs", "value_invalid"}


# The machine --------------------------------------------------------------------------


def test_a_failure_of_the_machine_is_no_finding(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise duckdb.OutOfMemoryException("Out of Memory Error: none left")

    monkeypatch.setattr(shard_file.ShardFile, "_read", refuse)
    with pytest.raises(StorageError, match="none left"):
        found(root)

    def fail(*_: object) -> None:
        raise duckdb.IOException("IO Error: could not read")

    monkeypatch.setattr(shard_file.ShardFile, "_read", fail)
    with pytest.raises(StorageError, match="could not read"):
        found(root)


def test_a_shard_that_may_not_be_read_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(root, shard_of(root, "essay"))
    real = os.open

    def refuse(name: Any, *args: Any, **options: Any) -> int:
        if str(name) == str(path):
            raise PermissionError(13, "Permission denied", str(name))
        return real(name, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    assert counts(root) == {"unreadable": 1}


def test_a_shard_that_is_replaced_meanwhile_stops_the_check(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspecting = disk_tables.survey

    def replace_and_inspect(*args: Any) -> None:
        inspecting(*args)
        remove_line(root)

    monkeypatch.setattr("docs_index.audit.verify.survey", replace_and_inspect)
    with pytest.raises(StorageError, match="run this again"):
        found(root)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["another text", "a flipped byte", "a damaged line"])
def test_a_killed_restore_is_completed_by_the_next(
    name: str, root: Path, whole: Files, tmp_path: Path
) -> None:
    DAMAGES[name][0](root)
    for step in count(1, 2):
        killed = copied(root, tmp_path / f"killed_{step}")
        command = [str(SCRIPT), "--apply", "--workers", "1"]
        words = [sys.executable, DYING, str(step), str(killed), *command]
        process = run(killed, words, {})
        if process.returncode != KILLED:
            good(process)
            assert step > 5
            return
        assert applied(killed).unrestorable == 0, step
        assert unpacked(killed) == whole, step
        assert found(killed)["findings"] == [], step


# Reindexing ---------------------------------------------------------------------------


def rows_in(path: Path) -> list[tuple[Any, ...]]:
    """Return what an index says of documents, without its lists."""
    with closing(sqlite3.connect(path)) as connection:
        return [
            row
            for table in ("documents", "document_links", "storage")
            for row in sorted(connection.execute(f"select * from {table}"), key=str)
        ]


def test_the_new_index_equals_the_old_one(root: Path) -> None:
    before = rows_in(index(root))
    index(root).unlink()
    told = reindexed(root)
    assert (told.documents, told.left_out, told.findings) == (32, 0, [])
    assert rows_in(Path(str(told.output))) == before


def test_damage_stops_the_new_index_unless_it_is_skipped(root: Path) -> None:
    cut_off(root)
    told = reindexed(root)
    assert (told.output, [each.code for each in told.findings][:1]) == (
        None,
        ["shard_differs"],
    )
    told = reindexed(root, skip_damaged=True)
    assert told.output
    stages = {row[2] for row in rows_in(Path(told.output)) if len(row) > 10}
    assert stages == {"draft", "evaluation"}


@pytest.mark.parametrize("damage", [write_garbage, delete_manifest])
def test_index_and_manifest_come_back_where_both_are_lost(
    root: Path, whole: Files, damage: Callable[[Path], Path]
) -> None:
    before = rows_in(index(root))
    index(root).unlink()
    damage(root)
    told = reindexed(root)
    assert told.findings == []
    shutil.move(str(told.output), index(root))
    assert rows_in(index(root)) == before
    assert applied(root).unrestorable == 0
    assert unpacked(root) == whole
    assert counts(root) == {"lists_missing": 1}


def test_a_document_in_two_shards_stops_the_new_index(root: Path) -> None:
    repeat(root)
    told = reindexed(root)
    assert told.output is None
    assert "document_repeated" in {each.code for each in told.findings}


# What it prints -----------------------------------------------------------------------


def test_json_is_as_its_schemas_say(root: Path) -> None:
    flip_byte(root)
    delete_manifest(root)
    report = json.loads(script(root, "verify_docs.py", "--json").stdout)
    assert report["findings"]
    assert fits(report, schema("verifying.schema.json"))
    for args in ([], ["--apply"]):
        process = script(root, "restore_docs.py", "--json", *args)
        shown = json.loads(process.stdout)
        assert fits(shown, schema("restoring.schema.json"))
        assert [each["path"] for each in shown["found"] if not each["doc_id"]]
    assert json.loads(script(root, "verify_docs.py", "--json").stdout)["findings"] == []
