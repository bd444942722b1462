"""An index whose rows are in Parquet says what one in SQLite does."""

import json
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable
from itertools import count, pairwise
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
    build,
    contents,
    copied,
    dump,
    good,
    holding,
    index,
    materialize,
    query,
    run,
    script,
    write,
)
from dying import KILLED
from forking import DYING
from packing import shard_of, unpacked
from sampling import SOAK
from test_litter import PROGRAM
from test_reading import DRAFT, ESSAY, ask, printed

from docs_index.audit import repack as repacking
from docs_index.audit.verify import Options as VerifyOptions
from docs_index.audit.verify import verify
from docs_index.errors import IndexFileError, IndexRowsError, StorageError
from docs_index.index import storage
from docs_index.index.new_row import NewDocument
from docs_index.index.query import rows_of
from docs_index.index.reader import open_documents
from docs_index.index.snapshot import copy_index
from docs_index.index.writer import Writer
from docs_index.ingest.materialize import Options
from docs_index.ingest.materialize import materialize as materialize_here
from docs_index.layout import open_layout
from docs_index.packs import index_rows
from docs_index.packs.index_reader import in_duckdb
from docs_index.packs.manifest import (
    INDEX_TABLES,
    Shard,
    read_index_rows,
    read_manifest,
    write_index_rows,
)
from docs_index.resources import PACKAGE, sql

ROWS, LINKS = (f"docs/packs/{folder}" for folder in INDEX_TABLES.values())
MANIFEST = "docs/packs/manifest.jsonl"
DOCS_INDEX = REPOSITORY / "scripts" / "inspect_docs.py"
MATERIALIZE = REPOSITORY / "scripts" / "materialize_docs.py"
IN_PARQUET = ("--layout", "packed", "--index", "parquet", "--workers", "1")


@pytest.fixture(scope="session")
def parquet_run(built_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The sample after its first run, with index rows in Parquet."""
    root = copied(built_sample, tmp_path_factory.mktemp("parquet"))
    return Run(root, good(materialize(root, *IN_PARQUET)))


@pytest.fixture
def root(parquet_run: Run, tmp_path: Path) -> Path:
    """A copy that a test may do with as it likes."""
    return copied(parquet_run.root, tmp_path)


@pytest.fixture(scope="module")
def large(large_run: Run, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A root with many documents, in SQLite and in Parquet."""
    first = copied(large_run.root, tmp_path_factory.mktemp("in_sqlite"))
    repack(first, "--layout", "packed")
    second = copied(first, tmp_path_factory.mktemp("in_parquet"))
    repack(second, "--index", "parquet")
    return [first, second]


def docs_index(root: Path, *args: str) -> Process:
    """Run docs-index in a process of its own."""
    return run(root, [sys.executable, str(DOCS_INDEX), *args], {})


def nothing(done: int, total: int) -> None:
    """Show no progress."""


def repack(root: Path, *options: str) -> str:
    return good(docs_index(root, "repack", *options)).stdout


def files(root: Path) -> list[Shard]:
    found = read_index_rows(open_layout(root))
    return [file for file in found if file.stage == Path(ROWS).name]


def tables(root: Path, folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every table of the index but for `storage`, whatever its format is."""
    copy = folder / root.parent.name / "db"
    copy.mkdir(parents=True)
    copy_index(open_layout(root), copy)
    found = dump(copy.parent)
    del found["storage"]
    return found


def findings(root: Path) -> list[tuple[str, str | None]]:
    report = verify(open_layout(root), VerifyOptions(), nothing)
    return [(each.code, each.path) for each in report.findings]


def with_a_new_row(root: Path) -> None:
    write(root, "3_generation/draft_responses/new.txt", "A new draft.\n")
    table = "7_cross_experiment/draft_generation_results.csv"
    header = (root / table).read_text("utf-8").splitlines()[0].split(",")
    row = {
        "draft_task_id": "new_task", "combo_id": "combo_new",
        "draft_template_id": "noticing-v1", "generation_model": "aurora-7b",
        "generation_status": "success", "generation_timestamp": "2025-05-05T10:00:00",
        "response_file": "draft_responses/new.txt",
    }  # fmt: skip
    append(root, table, ",".join(row.get(name, "") for name in header))


# What a run writes --------------------------------------------------------------------


def test_the_index_is_that_in_sqlite(
    parquet_run: Run, packed_run: Run, tmp_path: Path
) -> None:
    assert ", packed, index rows in Parquet\n" in parquet_run.process.stdout
    assert ", packed, index rows in SQLite\n" in packed_run.process.stdout
    assert query(parquet_run.root, "select * from storage") == [("packed", "parquet")]
    assert query(parquet_run.root, "select * from documents") == []
    assert query(parquet_run.root, "select * from document_links") == []
    found = tables(parquet_run.root, tmp_path)
    assert found == tables(packed_run.root, tmp_path)
    assert len(found["documents"]) == 32
    assert unpacked(parquet_run.root) == unpacked(packed_run.root)
    for name in ("7_cross_experiment", "7_reporting"):
        assert contents(parquet_run.root / name) == contents(packed_run.root / name)


def test_a_file_of_rows_is_what_its_line_says(parquet_run: Run) -> None:
    root = parquet_run.root
    assert sum(file.documents for file in files(root)) == 32
    for file in files(root):
        path = root / "docs/packs" / file.file
        rows = duckdb.execute("from read_parquet(?)", [str(path)]).fetchall()
        ids = [row[1] for row in rows]
        assert ids == sorted(ids)
        assert (ids[0], ids[-1], len(ids)) == (file.first, file.last, file.documents)
        assert path.stat().st_size == file.bytes


def test_rows_are_split_into_files_of_a_size(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_rows, "_FULL", "20KB")
    layout = open_layout(root)
    rows = (
        "select 32 + number as place, * exclude (rowid, number) "
        "replace (lpad(number::varchar, 16, '0') as doc_id) "
        "from stored.documents, range(1, 20001) as numbers (number) "
        "where doc_id = $doc_id"
    )
    with duckdb.connect(config={"threads": 1}) as db:
        db.execute("attach ':memory:' as stored")
        index_rows.create_views(db, layout, "stored")
        relation = index_rows.Relation(rows, {"doc_id": DRAFT})
        added = index_rows.write_rows(db, layout, {"documents": relation})
    assert sum(file.documents for file in added) == 20000
    assert len(added) > 2
    assert all(one.last < other.first for one, other in pairwise(added))


def test_a_second_run_writes_nothing_and_a_new_row_a_new_file(
    root: Path, packed_run: Run, tmp_path: Path
) -> None:
    before = contents(root)
    assert "nothing was written" in good(materialize(root)).stdout
    assert contents(root) == before
    old = files(root)
    other = copied(packed_run.root, tmp_path / "other")
    for each in (root, other):
        with_a_new_row(each)
        good(build(each))
        good(materialize(each))
    assert files(root)[:-1] == old
    assert files(root)[-1].documents == 1
    assert tables(root, tmp_path / "in") == tables(other, tmp_path / "out")
    assert printed(root, "cat", "new_task")["text"] == "A new draft.\n"


def test_a_dry_run_says_the_same_and_writes_nothing(
    parquet_run: Run, packed_run: Run, tmp_path: Path
) -> None:
    said = []
    for name, run_ in (("a", parquet_run), ("b", packed_run)):
        root = copied(run_.root, tmp_path / name)
        with_a_new_row(root)
        good(build(root))
        before = contents(root)
        plan = json.loads(good(materialize(root, "--dry-run", "--json")).stdout)
        assert contents(root) == before
        del plan["data_root"], plan["index_format"]
        said.append(plan)
    assert said[0] == said[1]
    assert said[0]["documents"]["placed"] == 1


def test_many_documents_choose_parquet_by_themselves(
    built_sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "MOST_IN_SQLITE", 31)

    def format_of(name: str, **options: Any) -> str:
        layout = open_layout(copied(built_sample, tmp_path / name))
        return materialize_here(layout, Options(**options), nothing).index_format

    assert format_of("chosen", kind="packed") == "parquet"
    assert format_of("told", kind="packed", index_format="sqlite") == "sqlite"
    assert format_of("directories") == "sqlite"
    monkeypatch.setattr(storage, "MOST_IN_SQLITE", 32)
    assert format_of("few", kind="packed") == "sqlite"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--index", "sqlite"], "is in parquet, not in sqlite: leave --index out, or"),
        (["--layout", "directories"], "is packed, not directories"),
    ],
)
def test_a_data_root_has_one_format(
    parquet_run: Run, options: list[str], message: str
) -> None:
    for command in ("materialize", "run"):
        refused = docs_index(parquet_run.root, command, *options)
        assert refused.returncode == 2
        assert message in refused.stderr


def test_parquet_is_for_packed_documents(built_sample: Path, tmp_path: Path) -> None:
    root = copied(built_sample, tmp_path)
    refused = materialize(root, "--index", "parquet")
    assert refused.returncode == 2
    assert "give --layout packed too, or leave --index out" in refused.stderr
    assert not index(root).exists()


# Readers ------------------------------------------------------------------------------


def same(roots: list[Path], *command: str) -> str:
    """Return what a command says of both roots."""
    results = [ask(root, *command) for root in roots]
    said = [
        (result.exit_code, result.output.replace(str(root), "ROOT"))
        for result, root in zip(results, roots, strict=True)
    ]
    assert said[0] == said[1]
    return said[0][1]


@pytest.mark.parametrize(
    "command",
    [
        "ls --limit 0 --json", "ls --latest", "ls --stage essay", "ls --limit 3",
        "ls --since 2025-02 --until 2025-03", "ls --template *-v1", "ls --status ok",
        r"ls --model a\*", "ls --model [a-z]*", "ls --model a?*",
        "gaps", "gaps --all --json", "stats", "stats --json",
        "lineage {id}", "lineage {id} --json", "show {id} --json", "cat {id}",
        "why {id} --json", "why {id}", "cat 6z2", "cat 6", "cat nothing",
        "search the --json --limit 0", "search the --latest", "search the --stage e*",
        "verify --json --read-data all",
    ],
)  # fmt: skip
def test_commands_say_the_same(
    command: str, packed_run: Run, parquet_run: Run, tmp_path: Path
) -> None:
    roots = [packed_run.root, parquet_run.root]
    if command.startswith("search"):  # it writes its index
        roots = [copied(root, tmp_path / f"{n}") for n, root in enumerate(roots)]
    for doc_id in (DRAFT, ESSAY) if "{id}" in command else ("",):
        words = command.format(id=doc_id).split()
        if words[0] == "show":
            shown = [printed(root, *words[:-1]) for root in roots]
            for each, root in zip(shown, roots, strict=True):
                each["shard"] = each["shard"].replace(str(root), "")
            assert shown[0] == shown[1]
        else:
            said = same(roots, *words)
            assert "Traceback" not in said


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "ls --limit 0", "ls --limit 0 --json", "gaps --all", "stats --json",
        "search the --limit 0 --json", "verify --json", "export",
    ],
)  # fmt: skip
def test_commands_say_the_same_of_many_documents(
    command: str, large: list[Path], tmp_path: Path
) -> None:
    words = command.split()
    if words == ["export"]:
        written = []
        for number, root in enumerate(large):
            output = tmp_path / f"{number}.jsonl"
            options = ("--format", "jsonl", "--texts", "--output", str(output))
            assert ask(root, "export", *options).exit_code == 0
            written.append(output.read_bytes())
        assert written[0] == written[1]
    else:
        same(large, *words)


@pytest.mark.slow
def test_every_document_has_the_same_reasons(large: list[Path]) -> None:
    with open_documents(large[0]) as found:
        ids = [each.doc_id for each in found.select("order by doc_id")]
    for doc_id in ids[:: len(ids) // 20]:
        same(large, "why", doc_id, "--json")
        same(large, "lineage", doc_id)


READERS = sorted(
    path.relative_to(PACKAGE).as_posix().replace("/sql/", "/")
    for room in ("index", "cohorts")
    for path in (PACKAGE / room / "sql").glob("*.sql")
    if room == "index" or path.name == "adoptable.sql"
)
OF_WRITERS = {
    "index/columns.sql", "index/end_run.sql", "index/lookups.sql", "index/schema.sql",
    "index/run_is_open.sql", "index/search_hits.sql", "index/search_tables.sql",
    "index/views.sql",
}  # fmt: skip


@pytest.mark.parametrize("name", [each for each in READERS if each not in OF_WRITERS])
def test_every_statement_of_readers_gives_the_same_rows(
    name: str, packed_run: Run, parquet_run: Run
) -> None:
    statement = sql(name)
    parameters = set(re.findall(r"(?<![:\w]):([a-z_]+)", statement))
    unknown = dict.fromkeys(parameters) | {"limit": 50, "most": 50}
    essay = {
        "doc_id": ESSAY, "name": ESSAY, "stage": "essay", "everything": True,
        "column": "doc_id", "begun": "", "joins": '["timestamp_join"]',
        "latest": False, "source_csv": "draft", "row_index": 3, "run_id": "backfill",
    }  # fmt: skip
    with (
        open_documents(packed_run.root) as one,
        open_documents(parquet_run.root) as other,
    ):
        [row] = one.select("where doc_id = ?", ESSAY)
        given = unknown | {k: v for k, v in row.__dict__.items() if k in parameters}
        given |= {k: v for k, v in essay.items() if k in parameters}
        if name == "index/why_by_name.sql":
            given["name"] = row.task_id
        some = 0
        for values in (unknown, given):
            rows = rows_of(one, statement, values)
            assert rows_of(other, statement, values) == rows
            some += len(rows)
    assert some or name in {
        "index/conflicts_by_kind.sql", "index/notices_by_kind.sql",
        "index/why_conflict.sql", "index/why_notices.sql", "index/why_copied.sql",
        "index/why_copies.sql", "index/why_repeated.sql", "index/why_by_place.sql",
        "index/why_by_file.sql",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "other"),
    [
        (
            "a is :b and c is not ?",
            "a is not distinct from $b and c is distinct from ?",
        ),
        ("a like ':x' || char(127)", "a ilike ':x' || chr(127)"),
        ("a = 'it''s :b is :c char(1)'", "a = 'it''s :b is :c char(1)'"),
        ("a glob :B1 -- by :name", "a glob $B1 -- by :name"),
        (
            "json_extract(d.meta_small, '$.row_index'), json_extract(m, '$.position')",
            "cast(json_extract(d.meta_small, '$.row_index') as bigint), "
            "json_extract(m, '$.position')",
        ),
    ],
)
def test_sql_is_put_in_the_words_of_duckdb(written: str, other: str) -> None:
    assert in_duckdb(written) == other


def test_a_wrong_statement_fails_as_in_sqlite(
    packed_run: Run, parquet_run: Run
) -> None:
    for root in (packed_run.root, parquet_run.root):
        with open_documents(root) as found:
            assert found.count("task_id like 'NO SUCH %'") == 0
            with pytest.raises(sqlite3.OperationalError):
                try:
                    found.count("no_such_column = 1")
                except IndexFileError as error:
                    raise error.__cause__ or error from None
            with pytest.raises(UnicodeEncodeError):
                found.find("\udcff")
        result = ask(root, "cat", "\udcff")
        assert result.exit_code == 2
        assert "UTF-8" in result.output


def test_positions_stay_texts(root: Path) -> None:
    """A record in a file that has several has a position such as 9.1."""
    with open_documents(root) as found:
        draft = found.get(DRAFT)
    meta = json.dumps(draft.meta | {"file": "a.json", "position": "9.1"})
    other = draft.__dict__ | {"doc_id": "0" * 16, "row_key": "h:1", "meta_small": meta}
    layout = open_layout(root)
    index_rows.add_row(layout, other, [])
    shutil.rmtree(layout.unpublished)
    with open_documents(root) as found:
        rows = rows_of(
            found, "select * from source_rows where doc_id = :id", {"id": "0" * 16}
        )
    assert [row["position"] for row in rows] == ["9.1"]


def test_report_and_pages_are_the_same(
    packed_run: Run, parquet_run: Run, tmp_path: Path
) -> None:
    pages = []
    for name, run_ in (("a", packed_run), ("b", parquet_run)):
        root = copied(run_.root, tmp_path / name)
        assert ask(root, "report").exit_code == 0
        page = next((root / "7_reporting").glob("*.html")).read_text("utf-8")
        pages.append(re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", "", page))
    assert pages[0].replace("/a/", "/b/") == pages[1]


def test_documents_are_adopted_alike(
    packed_run: Run, parquet_run: Run, tmp_path: Path
) -> None:
    stores = []
    for name, run_ in (("a", packed_run), ("b", parquet_run)):
        root = copied(run_.root, tmp_path / name)
        good(docs_index(root, "cohort", "adopt", "--stage", "essay"))
        stores.append(contents(open_layout(root).generations))
    assert stores[0] == stores[1]
    assert stores[0]


def test_a_reader_follows_what_is_added_and_joined(root: Path) -> None:
    writer = Writer(root, run_id="r")
    with open_documents(root) as found:
        assert found.count("true") == 32
        added = writer.add(PROGRAM)
        assert found.get(added.doc_id) == added
        assert found.latest_by_task("draft", PROGRAM.task_id) == added
        repack(root, "--merge")
        assert found.count("true") == 33
        assert found.read_raw(added) == PROGRAM.raw
        repack(root, "--index", "sqlite")
        with pytest.raises(StorageError, match="open the documents again"):
            found.count("true")
    with open_documents(root) as found:
        assert found.count("true") == 33


# Programs that add documents ----------------------------------------------------------


def test_a_program_adds_a_row_once(root: Path, packed_run: Run, tmp_path: Path) -> None:
    pack = copied(packed_run.root, tmp_path / "other")
    for each in (root, pack):
        writer = Writer(each, run_id="r")
        draft = writer.add(PROGRAM)
        assert writer.add(PROGRAM) == draft
        words = {
            "stage": "essay", "parent_doc_id": draft.doc_id, "attempt_id": "2",
            "combo_id": None,
        }  # fmt: skip
        writer.add(NewDocument(**{**PROGRAM.__dict__, **words}))
    assert [file.documents for file in files(root)[-2:]] == [1, 1]
    assert tables(root, tmp_path / "in") == tables(pack, tmp_path / "out")
    assert not (root / "docs/.unpublished").exists()
    assert findings(root) == []


def test_a_program_completes_what_a_kill_left(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    before = len(files(root))
    with monkeypatch.context() as patch:
        patch.setattr(index_rows, "append_to_manifest", killed)
        with pytest.raises(KeyboardInterrupt):
            Writer(root, run_id="r").add(PROGRAM)
    assert len(files(root)) == before
    assert ("rows_unlisted", ROWS) in [
        (code, str(Path(path or "").parent)) for code, path in findings(root)
    ]
    added = Writer(root, run_id="r").add(PROGRAM)
    assert len(files(root)) == before + 1
    assert printed(root, "cat", added.doc_id)["text"] == PROGRAM.raw
    good(materialize(root))
    assert findings(root) == []


def test_small_files_of_rows_are_joined(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(root, run_id="r")
    for number in range(5):
        attempt = {"attempt_id": str(number)}
        writer.add(NewDocument(**{**PROGRAM.__dict__, **attempt}))
    before = tables(root, tmp_path / "before")
    assert len(files(root)) > 5
    repack(root, "--merge")
    [file] = files(root)
    assert file.documents == 37
    assert [path.name for path in (root / ROWS).iterdir()] == [Path(file.file).name]
    assert tables(root, tmp_path / "after") == before
    unchanged = contents(root)
    assert "nothing to do" in repack(root, "--merge")
    assert contents(root) == unchanged


@pytest.mark.parametrize("kept", [slice(1, None), slice(None, -1)])
def test_a_lost_line_loses_no_file(root: Path, kept: slice) -> None:
    """A program has added documents since the last run recorded how many there are."""
    writer = Writer(root, run_id="r")
    for number in range(40):
        attempt = {"attempt_id": str(number)}
        writer.add(NewDocument(**{**PROGRAM.__dict__, **attempt}))
    layout = open_layout(root)
    write_index_rows(layout, read_index_rows(layout)[kept])
    on_disk = sorted((root / ROWS).iterdir())
    codes = {code for code, _ in findings(root)}
    if kept.start:
        assert codes == {"index_damaged"}
        assert materialize(root).returncode == 2
    else:
        assert codes == {"rows_unlisted", "directory_unindexed"}
        good(materialize(root))
        assert {code for code, _ in findings(root)} == codes
    assert sorted((root / ROWS).iterdir()) == on_disk
    output = str(index(root))
    good(script(root, "reindex_docs.py", "--output", output, "--replace"))
    good(materialize(root))
    assert printed(root, "stats")["total"]["documents"] == 72
    assert findings(root) == []


def test_a_line_with_another_number_is_damage(root: Path) -> None:
    manifest = root / MANIFEST
    text = manifest.read_text("utf-8")
    manifest.write_text(text.replace('"documents": 32', '"documents": 100'), "utf-8")
    assert manifest.read_text("utf-8") != text
    assert [code for code, _ in findings(root)] == ["index_damaged"]
    assert ask(root, "ls").exit_code == 2


def test_an_older_copy_of_the_sqlite_file_loses_no_row(
    root: Path, packed_run: Run
) -> None:
    Writer(root, run_id="r").add(PROGRAM)
    shutil.copyfile(index(packed_run.root), index(root))
    before = contents(root / "docs")
    assert {code for code, _ in findings(root)} == {
        "directory_unindexed",
        "index_damaged",
    }
    to_parquet, to_sqlite = (
        ["repack", "--index", name] for name in ("parquet", "sqlite")
    )
    for command in (["materialize"], to_parquet, to_sqlite):
        refused = docs_index(root, *command)
        assert refused.returncode == 2
        assert "older copy" in refused.stderr
        assert contents(root / "docs") == before
    output = str(index(root))
    good(script(root, "reindex_docs.py", "--output", output, "--replace"))
    assert printed(root, "stats")["total"]["documents"] == 33


@pytest.mark.parametrize("loses", [[], [MANIFEST]])
def test_a_program_does_not_begin_an_index_where_one_was_lost(
    root: Path, loses: list[str]
) -> None:
    for path in (index(root), *(root / name for name in loses)):
        path.unlink()
    with pytest.raises(IndexFileError, match="is missing, and a new one would lack"):
        Writer(root, run_id="r").add(PROGRAM)
    assert not index(root).exists()


@pytest.mark.parametrize("folder", INDEX_TABLES.values())
def test_a_link_in_the_place_of_a_folder_is_not_followed(
    root: Path, folder: str, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    (root / "docs/packs" / folder).rename(moved)
    (root / "docs/packs" / folder).symlink_to(moved)
    before = contents(moved)
    for result in (ask(root, "ls"), ask(root, "repack", "--merge")):
        assert result.exit_code == 2
        assert "put the folder itself there" in result.output
    assert materialize(root).returncode == 2
    with pytest.raises(IndexRowsError):
        Writer(root, run_id="r").add(PROGRAM)
    assert [code for code, _ in findings(root)] == ["index_damaged"]
    assert contents(moved) == before


def test_files_of_others_stay(root: Path) -> None:
    for name in ("notes.txt", f"{'0' * 16}-{'1' * 16}-{'a' * 16}.parquet"):
        (root / ROWS / name).write_text("mine")
    good(materialize(root))
    repack(root, "--index", "sqlite")
    repack(root, "--index", "parquet")
    assert (root / ROWS / "notes.txt").read_text() == "mine"
    assert len(files(root)) == 1


def test_lost_links_are_found(root: Path) -> None:
    layout = open_layout(root)
    write_index_rows(layout, files(root))
    found = {code for code, _ in findings(root)}
    assert found == {"links_differ", "rows_unlisted"}


# From one format to the other ---------------------------------------------------------


def test_there_and_back_changes_no_row(
    root: Path, packed_run: Run, tmp_path: Path
) -> None:
    before = contents(root / "docs")
    assert repack(root, "--index", "sqlite") == (
        "32 documents in 3 shards and their index rows in SQLite now\n"
    )
    assert not (root / ROWS).exists()
    assert dump(root) == dump(packed_run.root)
    assert findings(root) == []
    assert "nothing was written" in good(materialize(root)).stdout
    assert "already: nothing to do" in repack(root, "--index", "sqlite")
    assert repack(root, "--index", "parquet") == (
        "32 documents in 3 shards and their index rows in Parquet now\n"
    )
    assert contents(root / "docs") == before or len(files(root)) == 1
    assert tables(root, tmp_path / "in") == tables(packed_run.root, tmp_path / "out")
    assert findings(root) == []
    assert "nothing was written" in good(materialize(root)).stdout


def test_directories_need_rows_in_sqlite(root: Path, first_run: Run) -> None:
    ran = first_run.root
    before = contents(root)
    refused = docs_index(root, "repack", "--layout", "directories")
    assert refused.returncode == 2
    assert "run `docs-index repack --index sqlite` first" in refused.stderr
    assert contents(root) == before
    refused = docs_index(ran, "repack", "--index", "parquet")
    assert refused.returncode == 2
    assert "run `docs-index repack --layout packed` first" in refused.stderr
    for options in ([], ["--merge", "--index", "sqlite"]):
        assert docs_index(root, "repack", *options).returncode == 2


def test_a_change_of_format_waits_for_a_run(root: Path) -> None:
    before = contents(root)
    repacking._PATIENCE_S, patience = 0.1, repacking._PATIENCE_S
    try:
        with holding(root, root / "db" / ".lock", LOCK):
            refused = docs_index(root, "repack", "--index", "sqlite")
    finally:
        repacking._PATIENCE_S = patience
    assert refused.returncode == 75
    assert contents(root) == before


# Lost and damaged ---------------------------------------------------------------------


def flip(root: Path) -> None:
    path = root / "docs/packs" / files(root)[0].file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(root: Path) -> None:
    path = root / "docs/packs" / files(root)[0].file
    path.write_bytes(path.read_bytes()[:-5])


def lose(root: Path) -> None:
    (root / "docs/packs" / files(root)[0].file).unlink()


def lose_lines(root: Path) -> None:
    write_index_rows(open_layout(root), ())


def lose_manifest(root: Path) -> None:
    (root / MANIFEST).unlink()


@pytest.mark.parametrize("damage", [flip, cut, lose, lose_lines, lose_manifest])
def test_damage_is_told_and_the_index_is_made_again(
    damage: Callable[[Path], None], root: Path, packed_run: Run, tmp_path: Path
) -> None:
    damage(root)
    before = contents(root)
    for command in (("ls",), ("cat", DRAFT), ("stats",), ("search", "the")):
        if damage is not flip or command[0] != "search":
            result = ask(root, *command)
            if result.exit_code == 0:
                assert damage is flip  # the byte is of another column
            else:
                assert "docs-index reindex" in result.output, result.output
                assert result.exit_code == 2
    verified = script(root, "verify_docs.py", "--json")
    assert verified.returncode == 1
    report = json.loads(verified.stdout)
    assert "index_damaged" in report["counts"]
    assert not report["is_complete"]
    refused = materialize(root)
    assert refused.returncode == 2
    assert "docs-index reindex" in refused.stderr
    assert {k: v for k, v in contents(root).items() if k in before} == before
    if damage is lose_manifest:
        return  # restore makes the manifest again, which needs the index
    output = str(index(root))
    good(script(root, "reindex_docs.py", "--output", output, "--replace"))
    assert not list((root / ROWS).glob("*"))
    good(materialize(root))
    wanted, found = dump(packed_run.root), dump(root)
    assert sorted(found["documents"]) == sorted(wanted["documents"])
    assert findings(root) == []
    repack(root, "--index", "parquet")
    assert findings(root) == []


def test_a_lost_sqlite_file_keeps_the_rows(
    root: Path, packed_run: Run, tmp_path: Path
) -> None:
    index(root).unlink()
    good(materialize(root))
    assert query(root, "select * from storage") == [("packed", "parquet")]
    found, wanted = (
        tables(each, tmp_path / name)
        for name, each in (("in", root), ("out", packed_run.root))
    )
    assert found["documents"] == wanted["documents"]
    assert found["bad_generations"] == wanted["bad_generations"]


def test_rows_of_the_other_format_are_found_and_removed(
    root: Path, parquet_run: Run
) -> None:
    repack(root, "--index", "sqlite")
    shutil.copytree(parquet_run.root / ROWS, root / ROWS)
    write_index_rows(open_layout(root), files(parquet_run.root))
    assert findings(root) == [("unfinished_repack", ROWS)]
    assert printed(root, "stats")["total"]["documents"] == 32
    good(materialize(root))
    assert findings(root) == []
    assert not (root / ROWS).exists()


def test_damaged_shards_are_restored(root: Path, parquet_run: Run) -> None:
    path = root / "docs/packs" / shard_of(root, "essay").file
    path.write_bytes(path.read_bytes()[:-5])
    assert findings(root)
    good(script(root, "restore_docs.py", "--apply"))
    assert findings(root) == []
    assert unpacked(root) == unpacked(parquet_run.root)
    assert files(root) == files(parquet_run.root)


def test_a_row_that_is_there_twice_is_damage(root: Path) -> None:
    layout = open_layout(root)
    with duckdb.connect() as db:
        db.execute("attach ':memory:' as stored")
        index_rows.create_views(db, layout, "stored")
        layout.unpublished.mkdir()
        once = "select 33 as place, * exclude (rowid) from stored.documents"
        row = index_rows.Relation(f"{once} where doc_id = $doc_id", {"doc_id": DRAFT})
        index_rows.add_rows(db, layout, {"documents": row})
        shutil.rmtree(layout.unpublished)
    assert files(root)[-1].documents == 1
    with pytest.raises(IndexRowsError, match="break a rule"):
        copy_index(layout, root)
    assert [code for code, _ in findings(root)] == ["index_damaged"]


# Killed -------------------------------------------------------------------------------


def killed(root: Path, step: int, program: Path, *args: str) -> Process:
    words = [sys.executable, DYING, str(step), str(root), str(program), *args]
    return run(root, words, {})


@pytest.mark.soak
@pytest.mark.slow
def test_a_killed_run_is_completed_by_the_next(
    built_sample: Path, parquet_run: Run, tmp_path: Path
) -> None:
    wanted = tables(parquet_run.root, tmp_path / "wanted")
    texts = unpacked(parquet_run.root)
    for step in count(1, 1 if SOAK else 9):
        root = copied(built_sample, tmp_path / f"step_{step}")
        process = killed(root, step, MATERIALIZE, *IN_PARQUET)
        if process.returncode != KILLED:
            good(process)
            assert step > 20
            return
        good(materialize(root, *IN_PARQUET))
        assert unpacked(root) == texts, step
        found = tables(root, tmp_path / f"tables_{step}")
        for name in ("documents", "document_links"):
            assert sorted(found[name], key=repr) == sorted(wanted[name], key=repr), step
        assert findings(root) == [], step
        shutil.rmtree(root)


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.parametrize("index_format", ["sqlite", "parquet"])
def test_a_killed_change_of_format_is_completed_by_the_next(
    index_format: str, parquet_run: Run, packed_run: Run, tmp_path: Path
) -> None:
    before = {"sqlite": parquet_run, "parquet": packed_run}[index_format].root
    wanted = tables(before, tmp_path / "wanted")
    for step in count(1, 1 if SOAK else 4):
        root = copied(before, tmp_path / f"step_{step}")
        process = killed(root, step, DOCS_INDEX, "repack", "--index", index_format)
        if process.returncode != KILLED:
            good(process)
            assert step > 5
            return
        assert printed(root, "stats")["total"]["documents"] == 32, step
        assert tables(root, tmp_path / f"killed_{step}") == wanted, step
        repack(root, "--index", index_format)
        assert tables(root, tmp_path / f"tables_{step}") == wanted, step
        assert findings(root) == [], step
        assert read_manifest(open_layout(root)) == read_manifest(open_layout(before))
        shutil.rmtree(root)
