"""Packed documents: the same documents, in few files."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from building import (
    Run,
    append,
    bad_list,
    build,
    contents,
    copied,
    documents,
    dump,
    good,
    index,
    materialize,
    query,
    report,
    script,
    write,
)
from test_litter import PROGRAM
from test_reading import DRAFT, ask, printed
from typer.testing import Result

from docs_index.audit import repack as repacking
from docs_index.errors import (
    DamagedDocumentError,
    DocumentRefusedError,
    OutputExistsError,
    StorageError,
)
from docs_index.index.new_row import NewDocument
from docs_index.index.reader import open_documents
from docs_index.index.writer import Writer
from docs_index.ingest import packing
from docs_index.ingest.materialize import Options
from docs_index.ingest.materialize import materialize as materialize_here
from docs_index.layout import Layout, open_layout
from docs_index.packs import adding
from docs_index.packs.content import Packed, packed
from docs_index.packs.leftovers import remove_unpublished
from docs_index.packs.manifest import append_to_manifest, read_manifest
from docs_index.packs.reading import PackedDocuments
from docs_index.packs.writing import write_shard, write_shards
from docs_index.quoting import literal


def nothing(done: int, total: int) -> None:
    """Show no progress."""


def shards(root: Path) -> list[Path]:
    return sorted((root / "docs/packs").glob("*/*.parquet"))


def lines(root: Path) -> list[dict[str, Any]]:
    text = (root / "docs/packs/manifest.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def unpacked(root: Path, target: Path, *options: str) -> dict[str, str]:
    result = ask(root, "unpack", "--to", str(target), *options)
    assert result.exit_code == 0, result.output
    return contents(target)


def ending(root: Path, *args: str) -> tuple[int, str]:
    result = ask(root, *args)
    return result.exit_code, result.output


# What a run writes --------------------------------------------------------------------


def test_packed_documents_are_those_of_directories(
    packed_run: Run, first_run: Run, tmp_path: Path
) -> None:
    directories = contents(first_run.root / "docs")
    assert unpacked(packed_run.root, tmp_path / "all") == directories
    assert unpacked(first_run.root, tmp_path / "other") == directories
    assert {path.name for path in (packed_run.root / "docs").iterdir()} == {"packs"}


def test_index_lists_and_reports_do_not_depend_on_the_layout(
    packed_run: Run, first_run: Run
) -> None:
    tables, others = dump(packed_run.root), dump(first_run.root)
    assert (tables.pop("storage"), others.pop("storage")) == (
        [("packed", "sqlite")],
        [("directories", "sqlite")],
    )
    assert tables == others
    assert (
        bad_list(packed_run.root).read_bytes() == bad_list(first_run.root).read_bytes()
    )
    for name in ("latest", "consistency"):
        assert report(packed_run.root, name) == report(first_run.root, name)


def test_a_shard_is_what_the_manifest_says(packed_run: Run) -> None:
    found = {each["file"]: each for each in lines(packed_run.root)}
    for path in shards(packed_run.root):
        line = found.pop(path.relative_to(packed_run.root / "docs/packs").as_posix())
        rows = duckdb.execute("from read_parquet(?)", [str(path)])
        columns = [column[0] for column in rows.description]
        assert columns == [
            "doc_id", "doc_dir", "raw", "parsed", "prompt", "metadata",
        ]  # fmt: skip
        ids = [row[0] for row in rows.fetchall()]
        assert ids == sorted(ids)
        assert line["documents"] == len(ids)
        assert path.name == f"{ids[0]}-{ids[-1]}-{line['sha256'][:16]}.parquet"
        assert line["bytes"] == path.stat().st_size
    assert found == {}


def test_row_groups_are_small_and_compressed(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.unpublished.mkdir(parents=True)
    many = [
        packed(f"{k:016}", f"draft/{0:016}/{k:016}", {"raw.txt": b"x" * 100})
        for k in range(1200)
    ]
    long = [
        packed(f"{k:016}", f"draft/{0:016}/{k:016}", {"raw.txt": b"x" * 2**21})
        for k in range(1200, 1206)
    ]
    shard = write_shard(layout, "draft", [*many, *long], layout.unpublished)
    assert shard is not None
    groups = duckdb.execute(
        "select row_group_num_rows, compression from parquet_metadata(?) "
        "where path_in_schema = 'raw' order by row_group_id",
        [str(layout.packs / shard.file)],
    ).fetchall()
    assert [rows for rows, _ in groups] == [500, 500, 201, 2, 2, 1]
    assert {compression for _, compression in groups} == {"ZSTD"}


def test_a_run_splits_a_stage_by_bytes_and_by_workers(
    built_sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "SHARD_BYTES", 4000)
    root = copied(built_sample, tmp_path)
    materialize_here(open_layout(root), Options(kind="packed"), nothing)
    stages = [path.parent.name for path in shards(root)]
    assert min(map(stages.count, ("draft", "essay", "evaluation"))) > 1
    ranges = [
        path.name[:33].split("-") for path in shards(root)[: stages.count("draft")]
    ]
    assert all(a[1] < b[0] for a, b in pairwise(ranges))


SAIL = ["--engine", "spark", "--session", "sail"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--layout", "packed", "--packed-by", "engine"],
            "--packed-by is for --engine",
        ),
        ([*SAIL, "--packed-by", "engine"], "the layout is directories"),
        (["--session", "sail"], "--session is for --engine spark"),
        (["--layout", "packed", "--link"], "--link makes hard links in directories"),
    ],
)
def test_an_option_without_effect_is_refused_before_the_build(
    tmp_path: Path, options: list[str], message: str
) -> None:
    write(
        tmp_path, "7_cross_experiment/draft_generation_results.csv", "draft_task_id\n"
    )
    refused = ask(tmp_path, "run", *options)
    assert refused.exit_code == 2
    assert message in refused.stderr
    assert not (tmp_path / "db").exists()


def test_a_second_run_writes_nothing_and_a_new_row_a_new_shard(pack: Path) -> None:
    before = contents(pack)
    assert "nothing was written" in good(materialize(pack)).stdout
    assert contents(pack) == before
    write(pack, "3_generation/draft_responses/new.txt", "A new draft.\n")
    with (pack / "7_cross_experiment/draft_generation_results.csv").open() as file:
        header = file.readline().strip().split(",")
    row = {
        "draft_task_id": "new_task", "combo_id": "combo_new",
        "draft_template_id": "noticing-v1", "generation_model": "aurora-7b",
        "generation_status": "success", "generation_timestamp": "2025-05-05T10:00:00",
        "response_file": "draft_responses/new.txt",
    }  # fmt: skip
    line = ",".join(row.get(name, "") for name in header)
    append(pack, "7_cross_experiment/draft_generation_results.csv", line)
    old = {path: path.read_bytes() for path in shards(pack)}
    good(build(pack))
    good(materialize(pack))
    assert len(shards(pack)) == len(old) + 1
    assert all(path.read_bytes() == content for path, content in old.items())
    assert printed(pack, "cat", "new_task")["text"] == "A new draft.\n"


# Killed, changed, spoiled -------------------------------------------------------------


def test_workers_of_a_killed_run_publish_nothing_after_the_next_has_begun(
    tmp_path: Path,
) -> None:
    """Workers of an engine may outlive a run, on other machines too."""
    layout = Layout(tmp_path)
    unpublished = layout.unpublished / "of the killed run"
    unpublished.mkdir(parents=True)

    def documents(begun: bool) -> Iterator[Packed]:
        yield packed("0" * 16, f"draft/{0:016}/{0:016}", {"raw.txt": b"x"})
        if begun:
            remove_unpublished(layout)

    assert write_shard(layout, "draft", documents(False), unpublished) is not None
    [shard] = layout.packs.rglob("*.parquet")
    shard.unlink()
    with pytest.raises(StorageError):
        write_shard(layout, "draft", documents(True), unpublished)
    assert not list(layout.packs.rglob("*.parquet"))
    assert not layout.unpublished.exists()


def test_documents_of_a_killed_run_are_found(pack: Path, packed_run: Run) -> None:
    before = {path: path.read_bytes() for path in shards(pack)}
    index(pack).unlink()
    summary = json.loads(good(materialize(pack, "--json")).stdout)
    assert summary["documents"]["found"] == 32
    assert summary["documents"]["placed"] == 0
    assert {path: path.read_bytes() for path in shards(pack)} == before
    tables, wanted = dump(pack), dump(packed_run.root)
    assert tables["documents"] == wanted["documents"]
    assert tables["storage"] == [("packed", "sqlite")]


def test_another_text_in_a_shard_is_a_conflict(pack: Path) -> None:
    layout = open_layout(pack)
    (shard,) = (each for each in read_manifest(layout) if each.stage == "essay")
    first, *others = PackedDocuments(layout).content_of(shard)
    replace(layout, shard.file, [first._replace(raw=b"another"), *others])
    index(pack).unlink()
    process = materialize(pack, "--json")
    assert process.returncode == 1
    found = json.loads(process.stdout)["documents"]
    assert found["directory_conflict"] > 1  # with its evaluations
    assert found["found"] + found["directory_conflict"] == 32
    ((detail,),) = query(
        pack,
        "select detail from backfill_conflicts where doc_id = ?",
        first.doc_id,
    )
    assert detail == (
        f"docs/packs has another raw text for {first.doc_dir}; it was left as it is"
    )


def replace(layout: Layout, file: str, rows: list[Any]) -> None:
    """Write a shard in the place of another, as no run does."""
    from docs_index.packs.manifest import write_manifest

    layout.unpublished.mkdir()
    new = write_shard(layout, file.partition("/")[0], rows, layout.unpublished)
    layout.unpublished.rmdir()
    assert new is not None
    kept = [shard for shard in read_manifest(layout) if shard.file != file]
    write_manifest(layout, [*kept, new])
    (layout.packs / file).unlink()


def test_a_shard_that_no_line_names_is_removed_by_the_next_run(pack: Path) -> None:
    listed = shards(pack)
    leftover = listed[0].with_name(f"{0:016}-{1:016}-{0:016}.parquet")
    leftover.write_bytes(b"half of a sha")
    good(materialize(pack, "--dry-run"))
    assert leftover.exists()
    good(materialize(pack))
    assert shards(pack) == listed


def test_a_shard_whose_line_is_lost_is_not_removed(pack: Path) -> None:
    manifest = pack / "docs/packs/manifest.jsonl"
    manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[1:]))
    before = contents(pack / "docs")
    for process in (materialize(pack), ask(pack, "repack", "--merge")):
        code = process.exit_code if isinstance(process, Result) else process.returncode
        assert code == 1
        assert "docs-index restore --apply" in process.stderr
    assert contents(pack / "docs") == before
    assert ending(pack, "restore", "--apply")[0] == 0
    good(materialize(pack))
    assert len(lines(pack)) == 3


def forget_the_last_line(manifest: Path) -> None:
    manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[:-1]))


@pytest.mark.parametrize("damage", [forget_the_last_line, Path.unlink])
def test_a_document_of_a_program_outlives_the_index_and_its_line(
    pack: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    Writer(pack, run_id="r").add(PROGRAM)
    before = unpacked(pack, tmp_path / "before")
    damage(pack / "docs/packs/manifest.jsonl")
    index(pack).unlink()
    files = contents(pack / "docs")
    refused = materialize(pack)
    assert refused.returncode == 2
    assert "docs-index reindex" in refused.stderr
    assert contents(pack / "docs") == files
    good(script(pack, "reindex_docs.py", "--output", str(index(pack))))
    named = materialize(pack)
    assert named.returncode == 1
    assert "docs-index restore --apply" in named.stderr
    good(script(pack, "restore_docs.py", "--apply"))
    good(materialize(pack))
    assert unpacked(pack, tmp_path / "after") == before


def test_a_response_that_has_changed_since_the_build_is_not_packed(
    built_sample: Path, tmp_path: Path
) -> None:
    root = copied(built_sample, tmp_path)
    changed = sorted((root / "3_generation/draft_responses").iterdir())[0]
    changed.write_text("something else")
    process = materialize(root, "--layout", "packed", "--json")
    assert process.returncode == 1
    found = json.loads(process.stdout)["documents"]
    assert found["response_changed"] >= 1
    assert found["placed"] + found["response_changed"] == 32
    assert len(documents(root)) == found["placed"]


def test_a_dry_run_says_the_same_and_writes_nothing(
    built_sample: Path, tmp_path: Path
) -> None:
    root = copied(built_sample, tmp_path)
    before = contents(root)
    options = ("--layout", "packed", "--dry-run", "--json")
    summary = json.loads(good(materialize(root, *options)).stdout)
    assert summary["documents"]["placed"] == 32
    assert contents(root) == before


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{}\n", "line 1 is not a line of a manifest"),
        ("garbage\n", "line 1 is not a line of a manifest"),
        ('{"file": "../x", "documents": 1, "bytes": 1, "sha256": "0"}\n', "line 1 is"),
    ],
)
def test_a_damaged_manifest_stops_a_run_and_a_reader(
    pack: Path, text: str, fault: str
) -> None:
    (pack / "docs/packs/manifest.jsonl").write_text(text)
    before = contents(pack / "docs")
    process = materialize(pack)
    assert process.returncode == 1
    assert fault in process.stderr
    assert contents(pack / "docs") == before
    code, output = ending(pack, "cat", documents(pack)[0]["doc_id"])
    assert code == 1
    assert fault in output


def test_a_line_that_is_there_twice_is_damage(pack: Path) -> None:
    manifest = pack / "docs/packs/manifest.jsonl"
    manifest.write_text(manifest.read_text() * 2)
    with pytest.raises(DamagedDocumentError, match="line 4 names draft"):
        read_manifest(open_layout(pack))


def test_packs_that_are_a_link_are_refused(pack: Path, tmp_path: Path) -> None:
    shutil.move(pack / "docs/packs", tmp_path / "packs")
    (pack / "docs/packs").symlink_to(tmp_path / "packs")
    code, output = ending(pack, "cat", documents(pack)[0]["doc_id"])
    assert code == 2
    assert "docs/packs is a link" in output


@pytest.mark.parametrize("damage", ["cut", "spoiled", "gone"])
def test_a_damaged_shard_is_named(pack: Path, damage: str) -> None:
    path = next(each for each in shards(pack) if each.parent.name == "essay")
    content = path.read_bytes()
    spoiled = {"cut": content[:-9], "spoiled": b"x" * len(content)}
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(spoiled[damage])
    essay = documents(pack, "stage = 'essay'")[0]["doc_id"]
    code, output = ending(pack, "cat", essay)
    assert code == 1
    assert path.name in output
    assert "docs-index verify" in output
    draft = documents(pack, "stage = 'draft'")[0]["doc_id"]
    assert ending(pack, "cat", draft)[0] == 0
    assert "7 documents can" in ask(pack, "search", "the").output
    rows = report_after_run(pack)
    assert {row["stage"] for row in rows if row["dir_exists"] == "false"} == {"essay"}


def report_after_run(root: Path) -> list[dict[str, str]]:
    materialize(root)
    return report(root, "consistency")


# Readers ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["cat", "show"])
def test_commands_show_the_same_of_packed_documents(
    packed_run: Run, first_run: Run, command: str
) -> None:
    for document in documents(first_run.root):
        shown, wanted = (
            printed(run.root, command, document["doc_id"])
            for run in (packed_run, first_run)
        )
        if command == "show":
            assert shown.pop("directory") is wanted.pop("shard") is None
            assert wanted.pop("directory").endswith(document["doc_dir"])
            shard = shown.pop("shard")
            assert (
                Path(shard).parent == packed_run.root / "docs/packs" / document["stage"]
            )
            names = f"select doc_id from read_parquet({literal(shard)})"
            assert (document["doc_id"],) in duckdb.sql(names).fetchall()
        assert shown == wanted


def test_status_and_show_say_where_documents_are(packed_run: Run) -> None:
    assert "layout\tpacked\n" in ask(packed_run.root, "status").output
    shown = ask(packed_run.root, "show", DRAFT).output
    assert f"shard\t{packed_run.root}/docs/packs/draft/" in shown
    assert "\ndirectory" not in shown


def test_search_and_exports_are_the_same(
    pack: Path, first_run: Run, tmp_path: Path
) -> None:
    ran = copied(first_run.root, tmp_path / "directories")

    def found(root: Path) -> object:
        return printed(root, "search", "the", "--limit", "0")["hits"]

    assert found(pack) == found(ran)
    for root, name in ((pack, "packed"), (ran, "directories")):
        output = str(tmp_path / f"{name}.jsonl")
        options = ("--format", "jsonl", "--texts", "--output", output)
        assert ask(root, "export", *options).exit_code == 0
    exported = [path.read_bytes() for path in tmp_path.glob("*.jsonl")]
    assert exported[0] == exported[1]


def test_a_reader_follows_what_is_added_and_joined(pack: Path) -> None:
    writer = Writer(pack, run_id="r")
    with open_documents(pack) as found:
        old = next(found.select("where stage = 'draft'"))
        before = found.read_raw(old)
        added = writer.add(PROGRAM)
        assert found.read_raw(added) == PROGRAM.raw
        assert ask(pack, "repack", "--merge").exit_code == 0
        assert found.read_raw(old) == before
        assert [each.doc_dir for each, _ in [(added, 0)]] == [
            doc_dir
            for doc_dir, _ in found.texts.find_all([added.doc_dir], ("raw.txt",))
        ]


# Programs that add documents ----------------------------------------------------------


def test_a_program_adds_to_shards_and_adds_once(pack: Path) -> None:
    writer = Writer(pack, run_id="r")
    added = writer.add(PROGRAM)
    assert len(shards(pack)) == 4
    assert writer.add(PROGRAM) == added
    assert len(shards(pack)) == 4
    with open_documents(pack) as found:
        assert found.texts.sizes(added.doc_dir).keys() == {
            "raw.txt", "parsed.txt", "metadata.json",
        }  # fmt: skip
    assert not (pack / "docs/.unpublished").exists()
    assert not (pack / "docs" / added.doc_dir).exists()


def test_a_program_completes_what_a_kill_left(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(adding, "append_to_manifest", killed)
        with pytest.raises(KeyboardInterrupt):
            Writer(pack, run_id="r").add(PROGRAM)
    assert len(lines(pack)) == 3
    added = Writer(pack, run_id="r").add(PROGRAM)
    assert len(lines(pack)) == 4
    assert printed(pack, "cat", added.doc_id)["text"] == PROGRAM.raw


def test_a_program_does_not_replace_what_a_shard_has(pack: Path) -> None:
    writer = Writer(pack, run_id="r")
    added = writer.add(PROGRAM)
    layout = open_layout(pack)
    shard = read_manifest(layout)[-1]
    (row,) = PackedDocuments(layout).content_of(shard)
    replace(layout, shard.file, [row._replace(raw=b"other")])
    with closing(sqlite3.connect(index(pack))) as connection:
        connection.executescript(
            "drop trigger documents_are_never_deleted;"
            f"delete from documents where doc_id = '{added.doc_id}'"
        )
        connection.executescript(trigger_of_deletes())
    with pytest.raises(DocumentRefusedError, match="exists and is another document"):
        writer.add(PROGRAM)


def trigger_of_deletes() -> str:
    from docs_index.resources import sql

    schema = sql("index/schema.sql")
    begin = schema.index("create trigger documents_are_never_deleted")
    return schema[begin : schema.index("end;", begin) + 4]


# One layout, and from one to the other ------------------------------------------------


def test_a_data_root_has_one_layout(pack: Path, first_run: Run, tmp_path: Path) -> None:
    ran = copied(first_run.root, tmp_path / "directories")
    before = contents(pack)
    process = materialize(pack, "--layout", "directories")
    assert process.returncode == 2
    assert "is packed, not directories" in process.stderr
    assert "docs-index repack --layout directories" in process.stderr
    assert contents(pack) == before
    code, output = ending(ran, "run", "--layout", "packed")
    assert code == 2
    assert "is directories, not packed" in output


def test_links_are_for_directories(pack: Path) -> None:
    process = materialize(pack, "--link")
    assert process.returncode == 2
    assert "leave it out" in process.stderr


def test_repacking_there_and_back_changes_no_byte(ran: Path, tmp_path: Path) -> None:
    before, rows = contents(ran / "docs"), dump(ran)
    assert ending(ran, "repack", "--layout", "packed") == (
        0,
        "32 documents in 3 shards now\n",
    )
    assert {path.name for path in (ran / "docs").iterdir()} == {"packs"}
    assert unpacked(ran, tmp_path / "all") == before
    assert "nothing was written" in good(materialize(ran)).stdout
    assert ending(ran, "repack", "--layout", "packed") == (
        0,
        "32 documents in 3 shards already: nothing to do\n",
    )
    assert ending(ran, "repack", "--layout", "directories") == (
        0,
        "32 documents as directories now\n",
    )
    assert contents(ran / "docs") == before
    assert dump(ran) == rows


def test_repacking_loses_nothing_that_it_does_not_know(ran: Path) -> None:
    layout = open_layout(ran)
    doc_dir = documents(ran)[0]["doc_dir"]
    write(ran, f"docs/{doc_dir}/notes.txt", "mine")
    code, output = ending(ran, "repack", "--layout", "packed")
    assert code == 2
    assert f"docs/{doc_dir} has notes.txt" in output
    (ran / "docs" / doc_dir / "notes.txt").unlink()
    unindexed = f"draft/{0:016}/{1:016}"
    write(ran, f"docs/{unindexed}/metadata.json", "{}")
    code, output = ending(ran, "repack", "--layout", "packed")
    assert code == 2
    assert unindexed in output
    shutil.rmtree(ran / "docs" / unindexed)
    write(ran, "docs/draft/README", "mine")
    assert ending(ran, "repack", "--layout", "packed")[0] == 0
    assert [path.name for path in layout.docs.rglob("README")] == ["README"]


def test_a_repacking_that_fails_leaves_nothing_unpublished(pack: Path) -> None:
    Writer(pack, run_id="r").add(PROGRAM)
    [damaged, *_] = [each for each in shards(pack) if each.parent.name == "draft"]
    content = damaged.read_bytes()
    damaged.write_bytes(content[:100] + b"x" + content[101:])
    for options in (["--merge"], ["--layout", "directories"]):
        assert ending(pack, "repack", *options)[0] == 1
        assert not (pack / "docs/.unpublished").exists()


def test_repacking_refuses_damaged_documents(ran: Path) -> None:
    (row,) = documents(ran, f"doc_id = '{DRAFT}'")
    raw = ran / "docs" / row["doc_dir"] / "raw.txt"
    raw.write_text("x" * row["raw_bytes"])
    before = contents(ran / "docs")
    code, output = ending(ran, "repack", "--layout", "packed")
    assert code == 1
    assert row["doc_dir"] in output
    raw.unlink()
    code, output = ending(ran, "repack", "--layout", "packed")
    assert code == 1
    assert row["doc_dir"] in output
    before.pop(f"{row['doc_dir']}/raw.txt")
    assert {k: v for k, v in contents(ran / "docs").items() if k in before} == before
    assert query(ran, "select layout from storage") == [("directories",)]


def test_small_shards_are_joined(pack: Path, tmp_path: Path) -> None:
    writer = Writer(pack, run_id="r")
    for number in range(5):
        attempt = f"{number}"
        writer.add(NewDocument(**{**PROGRAM.__dict__, "attempt_id": attempt}))
    before = unpacked(pack, tmp_path / "before")
    assert len(shards(pack)) == 8
    assert ending(pack, "repack", "--merge") == (0, "37 documents in 3 shards now\n")
    assert len(shards(pack)) == len(lines(pack)) == 3
    assert unpacked(pack, tmp_path / "after") == before
    unchanged = contents(pack)
    assert "nothing to do" in ending(pack, "repack", "--merge")[1]
    assert contents(pack) == unchanged


def test_joining_ends_where_it_makes_no_fewer_shards(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = partial(write_shards, full_bytes=3000)
    monkeypatch.setattr(repacking, "write_shards", few)
    layout = open_layout(pack)
    summary = repacking.repack(layout, "directories", nothing)
    summary = repacking.repack(layout, "packed", nothing)
    assert summary.shards > 6
    assert repacking.merge(layout, nothing).documents == 32
    assert len(shards(pack)) == len(lines(pack))


def test_a_document_in_two_shards_is_joined_once_or_refused(pack: Path) -> None:
    layout = open_layout(pack)
    (shard,) = (each for each in read_manifest(layout) if each.stage == "essay")
    row = next(PackedDocuments(layout).content_of(shard))

    def add(content: bytes) -> None:
        layout.unpublished.mkdir()
        rows = [row._replace(raw=content)]
        new = write_shard(layout, "essay", rows, layout.unpublished)
        layout.unpublished.rmdir()
        append_to_manifest(layout, [new] if new else [])

    assert row.raw is not None
    add(row.raw)
    assert ending(pack, "repack", "--merge")[0] == 0
    assert [each["documents"] for each in lines(pack)] == [13, 12, 7]
    add(b"other")
    code, output = ending(pack, "repack", "--merge")
    assert code == 1
    assert f"two shards have document {row.doc_id}" in output


def test_there_is_nothing_to_join_in_directories(ran: Path) -> None:
    code, output = ending(ran, "repack", "--merge")
    assert code == 2
    assert "no shards to join" in output
    assert ending(ran, "repack")[0] == 2
    assert ending(ran, "repack", "--merge", "--layout", "packed")[0] == 2


# Unpacking ----------------------------------------------------------------------------


def test_unpack_takes_a_selection(packed_run: Run, tmp_path: Path) -> None:
    found = unpacked(packed_run.root, tmp_path / "some", "--stage", "essay", "--latest")
    latest = {
        row["doc_dir"]
        for row in report(packed_run.root, "latest")
        if row["stage"] == "essay"
    }
    raw = {path for path in found if path.endswith("/raw.txt")}
    assert raw == {f"{doc_dir}/raw.txt" for doc_dir in latest}


def test_unpack_writes_no_half_folder_and_not_into_the_root(
    pack: Path, tmp_path: Path
) -> None:
    (tmp_path / "there").mkdir()
    code, output = ending(pack, "unpack", "--to", str(tmp_path / "there"))
    assert code == 2
    assert "there exists already: name a new folder" in output
    nothing = ["--task", "no such task"]
    code, output = ending(pack, "unpack", "--to", str(tmp_path / "half"), *nothing)
    assert (code, "no document matches" in output) == (0, True)
    code, output = ending(pack, "unpack", "--to", str(tmp_path / "no" / "there"))
    assert (code, "is missing: make it first" in output) == (2, True)
    with open_documents(pack) as found, pytest.raises(OutputExistsError):
        from docs_index.index.unpacking import unpack

        unpack(found, [], pack / "docs" / "there")
    next(each for each in shards(pack) if each.parent.name == "essay").unlink()
    code, output = ending(pack, "unpack", "--to", str(tmp_path / "half"))
    assert code == 1
    assert "essay/" in output
    assert {path.name for path in tmp_path.iterdir() if "half" in path.name} == set()
