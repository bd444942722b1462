"""scripts/restore_docs.py puts back what is proved, and deletes nothing."""

import errno
import json
import os
import random
import shutil
import sqlite3
import sys
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from building import (
    LOCK,
    REPOSITORY,
    Process,
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
from sampling import SOAK
from schemas import fits, schema

from docs_index.audit import restore as module
from docs_index.audit.findings import Finding
from docs_index.audit.restore import Options, Summary, restore
from docs_index.audit.restoring import Restored
from docs_index.audit.verify import Options as VerifyOptions
from docs_index.audit.verify import verify
from docs_index.disk.mending import Mended
from docs_index.errors import (
    DataRootError,
    IndexFileError,
    LockedError,
    UnknownDocumentError,
)
from docs_index.index.new_row import NewDocument
from docs_index.index.writer import Writer
from docs_index.layout import open_layout

SCRIPT = REPOSITORY / "scripts" / "restore_docs.py"
DRAFT = "row_key like 'draft:%' and parser is null"
ESSAY = "stage = 'essay'"
JUDGED = "stage = 'evaluation'"
PARSED = "parser = 'essay_block'"
LINK = "task_id = 'combo_v1_a93f52_bridge-v0_basalt-2'"
PROGRAM = NewDocument(
    stage="draft",
    task_id="added",
    template_id="t",
    model_id="m",
    timestamp="2025-06-01",
    attempt_id="1",
    combo_id="c",
    raw="by a program",
    prompt="Write!",
)


def nothing(done: int, total: int) -> None:
    """Show no progress."""


def restored(root: Path, *doc_ids: str, **options: bool | str) -> Summary:
    wanted = Options(doc_ids, **options)  # type: ignore[arg-type]
    return restore(open_layout(root), wanted, nothing)


def applied(root: Path, *doc_ids: str, **options: bool | str) -> Summary:
    return restored(root, *doc_ids, apply=True, **options)


def problem(root: Path) -> str:
    """Return why the only document in need cannot be restored; check that none is."""
    before = contents(root)
    [found] = applied(root).found
    assert contents(root) == before
    assert (found.missing, found.damaged) == ([], [])
    assert found.problem
    return found.problem


def findings(root: Path) -> list[Finding]:
    options = VerifyOptions(share=1.0, evaluation_root="3_generation")
    return verify(open_layout(root), options, nothing).findings


def directory(root: Path, condition: str) -> Path:
    folder: str = documents(root, condition)[0]["doc_dir"]
    return root / "docs" / folder


def spoil(root: Path) -> list[str]:
    """Damage documents in many ways; return the texts that must not get lost."""
    found = documents(root, "row_key like 'draft:%'")
    drafts = [root / "docs" / each["doc_dir"] for each in found]
    (drafts[0] / "raw.txt").unlink()
    (drafts[1] / "raw.txt").write_text("lost: a raw text")
    (drafts[2] / "metadata.json").write_text('{"lost": "metadata"}')
    (drafts[3] / "parsed.txt").unlink()
    (drafts[3] / "parsed.txt").mkdir()
    (drafts[3] / "parsed.txt/inside").write_text("lost: in a folder")
    for name in ("raw.txt", "metadata.json"):
        (directory(root, ESSAY) / name).write_text(f"lost: {name} of an essay")
    (directory(root, PARSED) / "parsed.txt").write_text("lost: a parsed text")
    shutil.rmtree(directory(root, JUDGED))
    (directory(root, LINK) / "prompt.txt").unlink()
    shutil.rmtree(directory(root, "status = 'parse_error'"))
    return [
        "lost: a raw text",
        '{"lost": "metadata"}',
        "lost: in a folder",
        "lost: raw.txt of an essay",
        "lost: metadata.json of an essay",
        "lost: a parsed text",
    ]


def kept(root: Path) -> list[str]:
    """Return the texts that were moved aside."""
    files = (root / "docs_damaged").rglob("*")
    return [path.read_text() for path in files if path.is_file()]


def test_the_plan_changes_nothing_and_applying_it_gives_the_first_state(
    ran: Path, first_run: Run
) -> None:
    lost = spoil(ran)
    before = snapshot(ran)
    plan = restored(ran)
    assert snapshot(ran) == before
    result = applied(ran)
    assert contents(ran / "docs") == contents(first_run.root / "docs")
    assert sorted(kept(ran)) == sorted(lost)
    assert findings(ran) == []
    assert [each._replace(moved_to=None) for each in result.found] == plan.found
    assert plan.restored == result.restored == 9
    assert plan.unrestorable == result.unrestorable == 0
    before = snapshot(ran)
    assert applied(ran).found == []
    assert snapshot(ran) == before


def test_a_plan_says_what_is_wrong_and_where_the_text_is_taken_from(ran: Path) -> None:
    document = documents(ran, DRAFT)[0]
    folder = ran / "docs" / document["doc_dir"]
    (folder / "raw.txt").write_text("damaged")
    (folder / "parsed.txt").unlink()
    assert restored(ran).found == [
        Restored(
            document["doc_id"],
            f"docs/{document['doc_dir']}",
            ["parsed.txt"],
            ["raw.txt"],
            f"3_generation/{document['meta_small']['response_file']}",
            None,
            None,
        )
    ]


def test_all_documents_come_back_from_their_sources(ran: Path, first_run: Run) -> None:
    shutil.rmtree(ran / "docs")
    assert applied(ran).restored == 32
    assert contents(ran / "docs") == contents(first_run.root / "docs")


def test_evaluations_come_back_from_their_own_folder(
    odd_run: Run, tmp_path: Path
) -> None:
    root = copied(odd_run.root, tmp_path)
    shutil.rmtree(root / "docs")
    result = applied(root)
    assert [each.doc_id for each in result.found if each.problem] == [
        each["doc_id"] for each in documents(root, JUDGED)
    ]
    assert applied(root, evaluation_root="4_evaluation").unrestorable == 0
    (root / "docs/essay").mkdir()  # a run makes the folder of each stage
    assert contents(root / "docs") == contents(odd_run.root / "docs")


@pytest.mark.parametrize("turn", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_any_flipped_byte_is_put_right(
    first_run: Run, tmp_path: Path, turn: int
) -> None:
    draw = random.Random(turn)
    root = copied(first_run.root, tmp_path)
    for document in documents(root):
        folder = root / "docs" / document["doc_dir"]
        path = draw.choice(sorted(folder.iterdir()))
        content = bytearray(path.read_bytes())
        if content:
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
            path.write_bytes(content)
    assert applied(root, take_prompts=True).unrestorable == 0
    assert contents(root / "docs") == contents(first_run.root / "docs")


def test_only_the_named_documents_are_restored(ran: Path) -> None:
    first, second = documents(ran, DRAFT)[:2]
    for each in (first, second):
        (ran / "docs" / each["doc_dir"] / "raw.txt").unlink()
    result = applied(ran, first["doc_id"])
    assert [each.doc_id for each in result.found] == [first["doc_id"]]
    assert [each.doc_id for each in restored(ran).found] == [second["doc_id"]]
    with pytest.raises(UnknownDocumentError, match="nobody"):
        restored(ran, first["doc_id"], "nobody")


def test_damage_that_comes_again_is_kept_again(ran: Path) -> None:
    for text in ("first", "second"):
        (directory(ran, DRAFT) / "raw.txt").write_text(text)
        applied(ran)
    assert sorted(kept(ran)) == ["first", "second"]


# What is not proved -------------------------------------------------------------------


def test_a_text_that_is_nowhere_any_more_is_not_restored(ran: Path) -> None:
    document = documents(ran, DRAFT)[0]
    source = ran / "3_generation" / document["meta_small"]["response_file"]
    (ran / "docs" / document["doc_dir"] / "raw.txt").unlink()
    source.write_text("another text")
    assert "has changed since: restore that file first" in problem(ran)
    source.unlink()
    assert "there is no such file" in problem(ran)


def test_a_good_raw_text_serves_where_the_source_is_gone(
    ran: Path, first_run: Run
) -> None:
    shutil.rmtree(ran / "3_generation")
    for document in documents(ran):
        (ran / "docs" / document["doc_dir"] / "metadata.json").unlink()
    for document in documents(ran, PARSED):
        (ran / "docs" / document["doc_dir"] / "parsed.txt").unlink()
    assert applied(ran).unrestorable == 0
    assert contents(ran / "docs") == contents(first_run.root / "docs")


@pytest.mark.parametrize(
    "change",
    [
        "task_id = 'x'",
        "content_hash = upper(content_hash)",
        "raw_bytes = raw_bytes + 1",
        "parsed_chars = parsed_chars + 1",
        "doc_dir = '../../' || doc_dir",
        "meta_small = json_set(meta_small, '$.combo_id', 'x')",
        "meta_small = ' ' || meta_small",
        "created_at = 'x'",
    ],
)
def test_a_changed_row_proves_nothing(ran: Path, change: str) -> None:
    document = documents(ran, DRAFT)[0]
    (ran / "docs" / document["doc_dir"] / "metadata.json").unlink()
    with closing(sqlite3.connect(index(ran))) as connection, connection:
        connection.execute("drop trigger documents_are_never_updated")
        update = f"update documents set {change} where doc_id = ?"
        connection.execute(update, [document["doc_id"]])
    assert problem(ran)


def test_a_prompt_has_no_proof_but_the_users_word(ran: Path, first_run: Run) -> None:
    prompt = directory(ran, LINK) / "prompt.txt"
    prompt.write_text("another prompt")
    assert "differ: if that is right" in problem(ran)
    assert applied(ran, take_prompts=True).unrestorable == 0
    assert contents(ran / "docs") == contents(first_run.root / "docs")
    assert kept(ran) == ["another prompt"]


def test_a_prompt_that_differs_stays_where_other_files_are_restored(ran: Path) -> None:
    folder = directory(ran, LINK)
    (folder / "prompt.txt").write_text("another prompt")
    (folder / "raw.txt").unlink()
    [found] = applied(ran).found
    assert found.missing == ["raw.txt"]
    assert found.problem
    assert (folder / "prompt.txt").read_text() == "another prompt"
    assert (folder / "raw.txt").is_file()


def test_documents_of_programs_come_back_from_their_second_copy(ran: Path) -> None:
    adding = Writer(ran, run_id="autumn")
    whole = NewDocument(**{**vars(PROGRAM), "legacy_file": "added/1.txt"})
    document = adding.add(whole)
    folder = ran / "docs" / document.doc_dir
    before = contents(folder)
    (folder / "raw.txt").write_text("damaged")
    (folder / "parsed.txt").unlink()
    (folder / "metadata.json").unlink()
    assert applied(ran).unrestorable == 0
    assert contents(folder) == before
    other = NewDocument(**{**vars(PROGRAM), "attempt_id": "2"})
    (ran / "docs" / adding.add(other).doc_dir / "raw.txt").unlink()
    assert "without a second copy" in problem(ran)


# What is in the way -------------------------------------------------------------------


def test_a_link_or_file_in_the_place_of_a_directory_is_moved_aside(
    ran: Path, first_run: Run, tmp_path: Path
) -> None:
    folders = [ran / "docs" / each["doc_dir"] for each in documents(ran, DRAFT)[:2]]
    outside = tmp_path / "outside"
    shutil.move(folders[0], outside)
    (outside / "raw.txt").write_text("outside")
    folders[0].symlink_to(outside)
    shutil.rmtree(folders[1])
    folders[1].write_text("a file")
    before = contents(outside)
    assert applied(ran).unrestorable == 0
    assert contents(outside) == before
    assert contents(ran / "docs") == contents(first_run.root / "docs")
    moved = [ran / "docs_damaged" / each.relative_to(ran / "docs") for each in folders]
    assert (moved[0] / "1" / folders[0].name).readlink() == outside
    assert (moved[1] / "1" / folders[1].name).read_text() == "a file"


@pytest.mark.parametrize("kind", ["link", "file"])
def test_what_stands_above_a_directory_is_not_followed(
    ran: Path, tmp_path: Path, kind: str
) -> None:
    above = directory(ran, JUDGED).parent
    shutil.move(above, tmp_path / "outside")
    if kind == "link":
        above.symlink_to(tmp_path / "outside")
    else:
        above.write_text("a file")
    before = contents(tmp_path / "outside")
    assert problem(ran) == f"{above.relative_to(ran)} is not a folder: move it away"
    assert contents(tmp_path / "outside") == before


def test_links_in_the_place_of_files_are_moved_aside(
    ran: Path, first_run: Run, tmp_path: Path
) -> None:
    for name in ("raw.txt", "metadata.json", "prompt.txt"):
        path = directory(ran, LINK) / name
        shutil.move(path, tmp_path / name)
        path.symlink_to(tmp_path / name)
    assert applied(ran).unrestorable == 0
    assert contents(ran / "docs") == contents(first_run.root / "docs")
    assert len(list(tmp_path.glob("*.*"))) == 3


def test_a_link_in_the_place_of_the_folder_for_damage_is_not_followed(
    ran: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (ran / "docs_damaged").symlink_to(tmp_path / "outside")
    (directory(ran, DRAFT) / "raw.txt").write_text("damaged")
    with pytest.raises(DataRootError, match="docs_damaged is a link"):
        applied(ran)
    (ran / "docs_damaged").unlink()
    (ran / "docs_damaged").mkdir()
    (ran / "docs_damaged/draft").symlink_to(tmp_path / "outside")
    with pytest.raises(NotADirectoryError):
        applied(ran)
    assert (directory(ran, DRAFT) / "raw.txt").read_text() == "damaged"
    assert contents(tmp_path / "outside") == {}


def test_what_no_rename_can_move_aside_stays(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory(ran, DRAFT) / "raw.txt").write_text("damaged")
    monkeypatch.setattr(Mended, "has_room_aside", False)
    assert "raw.txt is on another file system" in problem(ran)


def test_a_damaged_index_is_not_believed(ran: Path) -> None:
    content = bytearray(index(ran).read_bytes())
    content[4096:8192] = b"x" * 4096
    index(ran).write_bytes(content)
    with pytest.raises(IndexFileError, match=r"docs-index verify"):
        applied(ran)


@pytest.mark.slow
def test_it_waits_for_who_works_on_the_data_root_only_to_apply(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0)
    (directory(ran, DRAFT) / "raw.txt").unlink()
    with holding(ran, ran / "db/.lock", LOCK):
        assert restored(ran).restored == 1
        with pytest.raises(LockedError):
            applied(ran)


# A kill, a fault ----------------------------------------------------------------------


def test_a_full_disk_leaves_nothing_half_written(
    ran: Path, first_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = directory(ran, DRAFT) / "raw.txt"
    path.write_text("damaged")

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "raw.txt")

    with monkeypatch.context() as patch:
        patch.setattr("docs_index.disk.directories.write_file", refused)
        with pytest.raises(OSError, match="No space"):
            applied(ran)
    assert path.read_text() == "damaged"
    applied(ran)
    assert contents(ran / "docs") == contents(first_run.root / "docs")


@pytest.mark.soak
@pytest.mark.slow
def test_a_killed_run_is_completed_by_the_next(first_run: Run, tmp_path: Path) -> None:
    prepared = copied(first_run.root, tmp_path / "prepared")
    lost = spoil(prepared)
    for step in count(1, 1 if SOAK else 6):
        root = copied(prepared, tmp_path / str(step))
        command = [str(SCRIPT), "--apply", "--workers", "1"]
        words = [sys.executable, DYING, str(step), str(root), *command]
        process = run(root, words, {})
        if process.returncode != KILLED:
            good(process)
            assert step > 30
            return
        assert applied(root).unrestorable == 0
        assert contents(root / "docs") == contents(first_run.root / "docs"), step
        assert sorted(kept(root)) == sorted(lost), step


# The command --------------------------------------------------------------------------


def restore_docs(root: Path, *args: str) -> Process:
    return script(root, "restore_docs.py", *args)


def test_the_exit_code_says_whether_something_is_left_to_do(ran: Path) -> None:
    process = good(restore_docs(ran))
    assert process.stdout.endswith(
        "\n32 documents in the index: 0 to be put back, 0 cannot be put back\n"
    )
    (directory(ran, DRAFT) / "raw.txt").unlink()
    process = restore_docs(ran)
    assert process.returncode == 1
    assert "  missing: raw.txt\n" in process.stdout
    assert process.stdout.endswith("docs-index restore --apply puts them back.\n")
    good(restore_docs(ran, "--apply"))
    good(restore_docs(ran))
    shutil.rmtree(ran / "3_generation")
    (directory(ran, DRAFT) / "raw.txt").unlink()
    process = restore_docs(ran, "--apply")
    assert process.returncode == 1
    assert "  NOT put back: 3_generation/" in process.stdout


def test_json_is_as_its_schema_says(ran: Path) -> None:
    restoring = schema("restoring.schema.json")
    spoil(ran)
    shutil.rmtree(ran / "3_generation/evaluation_responses")
    for args in ([], ["--apply"]):
        process = restore_docs(ran, "--json", *args)
        shown = json.loads(process.stdout)
        assert fits(shown, restoring)
        assert set(shown) == set(restoring["required"])
        assert shown["unrestorable"] == 2


def test_a_run_after_it_finds_all_done(ran: Path) -> None:
    spoil(ran)
    applied(ran)
    before = contents(ran / "docs")
    good(materialize(ran))
    assert contents(ran / "docs") == before
    assert os.listdir(ran / "docs_damaged")
