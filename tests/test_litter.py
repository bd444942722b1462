"""What operating systems leave in folders is not a finding, and no document."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from building import (
    Run,
    contents,
    documents,
    good,
    index,
    materialize,
    report,
    write,
)

from docs_index.audit.reindex import Options as ReindexOptions
from docs_index.audit.reindex import reindex
from docs_index.audit.restore import Options as RestoreOptions
from docs_index.audit.restore import restore
from docs_index.audit.verify import Options, verify
from docs_index.index.new_row import NewDocument
from docs_index.index.reader import open_documents
from docs_index.index.writer import Writer
from docs_index.layout import is_litter, open_layout
from docs_index.warehouse.generation_scan import scan_generations

NAMES = (".DS_Store", "Thumbs.db", "thumbs.db", "Desktop.ini", "._raw.txt")
PROGRAM = NewDocument(
    stage="draft",
    task_id="added",
    template_id="t",
    model_id="m",
    timestamp="2025-06-01",
    attempt_id="1",
    combo_id="c",
    raw="by a program",
)


def nothing(done: int, total: int) -> None:
    """Show no progress."""


def codes(root: Path) -> dict[str, int]:
    return verify(open_layout(root), Options(share=1.0), nothing).counts


@pytest.fixture
def littered(ran: Path) -> Path:
    """A store with litter in each of its folders, and a folder of litter alone."""
    docs = ran / "docs"
    for folder in [docs, *(path for path in docs.rglob("*") if path.is_dir())]:
        for name in NAMES:
            (folder / name).write_text("litter")
    (docs / "._folder").mkdir()
    (docs / "draft/._folder").mkdir()
    return ran


@pytest.mark.parametrize("name", NAMES)
def test_litter_is_known_by_its_name(name: str) -> None:
    assert is_litter(name)
    assert not any(map(is_litter, ("raw.txt", ".unpublished", "_", f"a{name}")))


def test_litter_is_no_finding_and_nothing_to_restore(littered: Path) -> None:
    assert codes(littered) == {}
    layout = open_layout(littered)
    assert restore(layout, RestoreOptions(), nothing).found == []
    output = littered / "db/other.sqlite"
    summary = reindex(layout, ReindexOptions(output=output), nothing)
    assert (summary.documents, summary.left_out) == (32, 0)


def test_litter_is_not_in_the_report_or_in_the_way_of_a_run(littered: Path) -> None:
    good(materialize(littered))
    rows = report(littered, "consistency")
    assert len(rows) == 32
    assert all(row["doc_id"] for row in rows)


def test_a_directory_of_litter_alone_is_no_document(
    littered: Path, first_run: Run
) -> None:
    document = documents(littered, "stage = 'essay'")[0]
    folder = littered / "docs" / document["doc_dir"]
    for path in folder.iterdir():
        if not is_litter(path.name):
            path.unlink()
    assert codes(littered)["directory_missing"] == 1
    restore(open_layout(littered), RestoreOptions(apply=True), nothing)
    original = contents(first_run.root / "docs" / document["doc_dir"])
    found = contents(folder)
    assert {name: found[name] for name in original} == original
    assert codes(littered) == {}


def test_a_program_may_add_its_document_again_where_litter_came(
    littered: Path,
) -> None:
    added = Writer(littered, run_id="autumn").add(PROGRAM)
    folder = littered / "docs" / added.doc_dir
    (folder / ".DS_Store").write_text("litter")
    with open_documents(littered) as read:
        names = ["metadata.json", "parsed.txt", "raw.txt"]
        assert list(read.texts.sizes(added.doc_dir)) == names
    with closing(sqlite3.connect(index(littered))) as connection, connection:
        find = (
            "select sql from sqlite_master where name = 'documents_are_never_deleted'"
        )
        [(trigger,)] = connection.execute(find)
        connection.execute("drop trigger documents_are_never_deleted")
        connection.execute("delete from documents where run_id = 'autumn'")
        connection.execute(trigger)
    assert Writer(littered, run_id="autumn").add(PROGRAM) == added


def test_litter_in_the_generation_store_is_no_generation(tmp_path: Path) -> None:
    for name in NAMES:
        write(tmp_path, f"draft/{name}", "litter")
    write(tmp_path, "draft/g/metadata.json", "{}")
    assert [row["gen_id"] for row in scan_generations(tmp_path)] == ["g"]
