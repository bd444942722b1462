"""A results table may be a folder of CSV files, in the order of their names."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from harness import REPOSITORY, Models
from roots import split_table
from test_commands import docs_index

from docs_index.data_roots import has_input, root_around
from docs_index.errors import DataRootError, DocsIndexError, TableRefusedError
from docs_index.layout import open_layout
from docs_index.quoting import literal
from docs_index.warehouse.sources import Sources

RESULTS = "7_cross_experiment"
NAMES = (
    "draft_generation_results",
    "link_generation_results",
    "essay_generation_results",
    "evaluation_results",
)
META = {"file": "x/a.csv", "columns": ["a"], "required": [["a"]], "may_be_folder": True}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder in the place of the table x/a.csv."""
    made = tmp_path / "x/a"
    made.mkdir(parents=True)
    return made


def load(folder: Path) -> list[tuple[int, str | None, str | None]]:
    sources = Sources(open_layout(folder.parent.parent))
    with duckdb.connect() as connection:
        return sources.load(connection, META).fetchall()


def test_rows_come_in_the_order_of_names_and_name_their_file(folder: Path) -> None:
    (folder / "b.csv").write_text("a\n4\n")
    (folder / "a10.csv").write_text("a,more\n1,x\n2,y\n")
    (folder / "a2.csv").write_text("a\n3\n")
    assert load(folder) == [
        (1, "1", "row 1 of a/a10.csv"),
        (2, "2", "row 2 of a/a10.csv"),
        (3, "3", "row 1 of a/a2.csv"),
        (4, "4", "row 1 of a/b.csv"),
    ]


def test_a_table_of_one_file_needs_no_place(folder: Path) -> None:
    folder.rmdir()
    (folder.parent / "a.csv").write_text("a\n1\n")
    assert load(folder) == [(1, "1", None)]


def test_every_file_of_a_folder_is_reported(folder: Path) -> None:
    (folder / "b.csv").write_text("a\n")
    (folder / "a.csv").write_text("a\n1\n")
    sources = Sources(open_layout(folder.parent.parent))
    with duckdb.connect() as connection:
        sources.load(connection, META)
        found = sources.input_files(connection).fetchall()
    assert [row[1:5] for row in found] == [
        ("x/a/a.csv", True, 1, 4),
        ("x/a/b.csv", True, 0, 2),
    ]


def test_a_folder_without_files_is_an_empty_table(folder: Path) -> None:
    sources = Sources(open_layout(folder.parent.parent))
    with duckdb.connect() as connection:
        assert sources.load(connection, META).fetchall() == []
        [row] = sources.input_files(connection).fetchall()
    assert row[1:] == ("x/a/", True, 0, None, None)


def test_hidden_files_and_marks_of_other_programs_are_ignored(folder: Path) -> None:
    (folder / "1.csv").write_text("a\n1\n")
    for name in (".1.csv.crc", ".hidden.csv", "_SUCCESS", "Thumbs.db", "._1.csv"):
        (folder / name).write_bytes(b"\x00")
    assert load(folder) == [(1, "1", "row 1 of a/1.csv")]


@pytest.mark.parametrize("name", ["notes.txt", "b.CSV", "b.csv.gz", "b\n.csv", "_b"])
def test_a_file_that_is_no_csv_file_is_refused(folder: Path, name: str) -> None:
    (folder / "1.csv").write_text("a\n1\n")
    (folder / name).write_text("a\n1\n")
    with pytest.raises(TableRefusedError) as refusal:
        load(folder)
    assert str(folder) in str(refusal.value) and repr(name) in str(refusal.value)


def test_a_folder_in_the_folder_is_refused(folder: Path) -> None:
    (folder / "old.csv").mkdir()
    with pytest.raises(TableRefusedError, match=r"old\.csv is a directory"):
        load(folder)


def test_a_file_beside_the_folder_is_refused(folder: Path) -> None:
    (folder.parent / "a.csv").write_text("a\n1\n")
    with pytest.raises(TableRefusedError) as refusal:
        load(folder)
    assert f"{folder}.csv and the folder {folder} are both there" in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [("b\n1\n", "there is no column 'a'"), ("a\n1,2\n", "line 2"), ("", "empty")],
)
def test_each_file_must_be_a_table(folder: Path, text: str, words: str) -> None:
    (folder / "1.csv").write_text("a\n1\n")
    (folder / "2.csv").write_text(text)
    with pytest.raises(TableRefusedError) as refusal:
        load(folder)
    assert str(folder / "2.csv") in str(refusal.value) and words in str(refusal.value)


@pytest.mark.parametrize("link", ["x/a", "x/a/2.csv"])
def test_links_lead_out_of_no_data_root(tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    (outside / "a").mkdir(parents=True)
    (outside / "a/2.csv").write_text("a\n1\n")
    root = tmp_path / "root"
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(outside / link.removeprefix("x/"))
    with pytest.raises(DataRootError, match="leads out of the data root"):
        load(root / "x/a")


def test_a_link_that_leads_nowhere_is_no_missing_table(folder: Path) -> None:
    folder.rmdir()
    folder.symlink_to("nowhere")
    with pytest.raises(DocsIndexError, match=r"x/a cannot be read: No such file"):
        load(folder)


def test_a_folder_that_may_not_be_read_is_no_empty_table(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> list[str]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(DocsIndexError, match=r"x/a cannot be read: Permission denied"):
        load(folder)


def _add(folder: Path) -> None:
    (folder / "2.csv").write_text("a\n2\n")


def _append(folder: Path) -> None:
    with (folder / "1.csv").open("a") as file:
        file.write("2\n")


def _remove(folder: Path) -> None:
    (folder / "1.csv").unlink()


@pytest.mark.parametrize("change", [_add, _append, _remove])
def test_a_folder_that_changes_while_tables_are_read_is_refused(
    folder: Path, change: Callable[[Path], None]
) -> None:
    (folder / "1.csv").write_text("a\n1\n")
    sources = Sources(open_layout(folder.parent.parent))
    with duckdb.connect() as connection:
        sources.load(connection, META)
        change(folder)
        with pytest.raises(TableRefusedError, match="changed while"):
            sources.input_files(connection)


def test_a_root_of_folders_is_a_data_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / RESULTS / NAMES[2]).mkdir(parents=True)
    assert has_input(root)
    assert root_around(root / RESULTS) == root


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    """The sample, with a row that repeats another, and the same in folders."""
    whole, parts = tmp_path / "whole/root", tmp_path / "parts/root"
    shutil.copytree(REPOSITORY / "sample", whole)
    table = whole / RESULTS / f"{NAMES[0]}.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines, lines[1], ""]))
    shutil.copytree(whole, parts)
    for name in NAMES:
        split_table(parts, name)
    return whole, parts


def test_what_is_built_is_that_of_one_file(
    models: Models, roots: tuple[Path, Path]
) -> None:
    for root in roots:
        models.write_build(root)
    with duckdb.connect() as connection:
        for name, root in zip(("whole", "parts"), roots, strict=True):
            build = literal(str(open_layout(root).build))
            connection.execute(f"attach {build} as {name} (read_only)")
        columns = "* exclude (detail, folder)"
        for table in ("int_rows__resolved", "link_candidates", "backfill_counters"):
            chosen = columns if table == "int_rows__resolved" else "*"
            left, right = (
                f"select {chosen} from {name}.main.{table}"
                for name in ("whole", "parts")
            )
            assert connection.sql(f"{left} except all {right}").fetchall() == []
            assert connection.sql(f"{right} except all {left}").fetchall() == []
        rejected = connection.sql(
            "select source_csv, row_index, parts.detail, whole.detail "
            "from parts.main.bad_generations as parts "
            "full join whole.main.bad_generations as whole "
            "using (source_csv, row_index) order by all"
        ).fetchall()
    folders = dict(zip(("draft", "link", "essay", "evaluation"), NAMES, strict=True))
    assert len(rejected) == 9
    for source, index, said, of_one_file in rejected:
        first = (index - 1) // 3 * 3
        place = f"row {index - first} of {folders[source]}/{first:04}.csv"
        if said.startswith("it repeats"):
            assert said in {
                f"it repeats row 1 of {NAMES[0]}/0000.csv ({place})",
                f"it repeats row 3 of {NAMES[3]}/0003.csv ({place})",
            }
        else:
            assert said == f"{of_one_file} ({place})"


def test_a_run_takes_folders(roots: tuple[Path, Path]) -> None:
    """Documents are the same; the list of rejected rows names their files."""
    for root in roots:
        process = docs_index(root, "run")
        assert process.returncode == 0, process.stderr
    assert f"{NAMES[0]}.csv" not in process.stdout
    whole, parts = roots
    different = subprocess.run(
        ["diff", "-r", whole / "docs", parts / "docs"], capture_output=True, check=False
    )
    assert different.stdout == b""
    listed = (parts / RESULTS / "bad_generations.csv").read_text()
    assert listed.count("_results/0") >= 9
    state = json.loads(docs_index(parts, "status", "--json").stdout)
    assert state["missing_tables"] == [] and state["changed_since_build"] == []
    assert f"{RESULTS}/{NAMES[3]}/" in state["tables"]
    part = f"{RESULTS}/{NAMES[3]}/0000.csv"
    os.utime(parts / part, (2e9, 2e9))
    state = json.loads(docs_index(parts, "status", "--json").stdout)
    assert state["changed_since_build"] == [part]
    again = docs_index(parts, "run")
    assert again.returncode == 0, again.stderr
    assert docs_index(parts, "verify").returncode == 0


def test_a_run_refuses_both(roots: tuple[Path, Path]) -> None:
    _, parts = roots
    table = f"{RESULTS}/{NAMES[0]}"
    shutil.copyfile(parts / table / "0000.csv", parts / f"{table}.csv")
    process = docs_index(parts, "run")
    assert process.returncode == 2
    assert f"{table}.csv and the folder" in process.stderr.replace("\n", " ")
    assert not (parts / "docs").exists()
