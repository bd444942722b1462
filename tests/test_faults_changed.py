"""Tables that change while a build reads them: one state of them all, or a refusal."""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from building import (
    BUILD,
    DBT,
    TIMEOUT_S,
    append,
    build,
    good,
    materialize,
    query,
    sharing,
    started,
    write,
)
from faults import holds_lock, wait_for
from sampling import SOAK

from docs_index.errors import TableRefusedError
from docs_index.layout import open_layout
from docs_index.warehouse.sources import Sources

TABLES = "7_cross_experiment"
BUILDS = 30 if SOAK else 1
LOADING_SECONDS = 0.8  # about what a build takes from its lock to its last table


def _grow(path: Path) -> None:
    append(path.parent, path.name, "late")


def _replace_at_once(path: Path) -> None:
    other = path.with_name("other.csv")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def _edit_in_place(path: Path) -> None:
    path.write_bytes(path.read_bytes().swapcase())


def _make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _make_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("essay.csv"))


CHANGES: dict[str, Callable[[Path], None]] = {
    "grown": _grow,
    "replaced at once": _replace_at_once,
    "edited in place": _edit_in_place,
    "deleted": Path.unlink,
    "a pipe": _make_pipe,
    "a folder": _make_folder,
    "a link": _make_link,
}


def load(sources: Sources, name: str) -> int:
    """Load a table of one column; return how many rows it has."""
    cursor = duckdb.connect()
    meta = {"file": f"{TABLES}/{name}.csv", "columns": ["task"]}
    return len(sources.load(cursor, meta).fetchall())


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    write(tmp_path, f"{TABLES}/draft.csv", "task\none\ntwo\n")
    write(tmp_path, f"{TABLES}/essay.csv", "task\none\n")
    return Sources(open_layout(tmp_path))


def test_tables_at_rest_are_taken(sources: Sources) -> None:
    assert [load(sources, name) for name in ("draft", "link", "essay")] == [2, 0, 1]
    rows = sources.input_files(duckdb.connect()).fetchall()
    assert [row[3] for row in rows] == [2, 1, None]


@pytest.mark.parametrize("change", CHANGES)
def test_a_table_that_changes_before_the_last_is_read_is_refused(
    sources: Sources, change: str
) -> None:
    load(sources, "draft")
    path = sources.layout.root / TABLES / "draft.csv"
    CHANGES[change](path)
    load(sources, "essay")
    with pytest.raises(TableRefusedError, match=f"{path} changed while"):
        sources.input_files(duckdb.connect())


def test_a_missing_table_that_comes_before_the_last_is_read_is_refused(
    sources: Sources,
) -> None:
    load(sources, "link")
    write(sources.layout.root, f"{TABLES}/link.csv", "task\nlate\n")
    load(sources, "essay")
    with pytest.raises(TableRefusedError, match="link\\.csv changed while"):
        sources.input_files(duckdb.connect())


@pytest.mark.slow
@pytest.mark.soak
def test_a_build_takes_tables_that_grow_as_of_one_moment(
    root: Path, chance: random.Random
) -> None:
    for number in range(BUILDS):
        code, said = _build_while_growing(root, number, chance)
        if code != 0:
            assert "changed while" in said
            good(build(root))
        good(materialize(root))
        condition = f"task_id like 'late {number} %' order by stage"
        sql = f"select doc_id, parent_doc_id from documents where {condition}"
        found = query(root, sql)
        if code != 0 or found:
            (draft, _), (_, parent) = found
            assert parent == draft


def _build_while_growing(
    root: Path, number: int, chance: random.Random
) -> tuple[int, str]:
    environment = sharing(root)
    with started(root, str(DBT), *BUILD, environment=environment) as process:
        wait_for(lambda: holds_lock(process, root))
        time.sleep(chance.uniform(0, LOADING_SECONDS))
        _append_pair(root, number)
        said, _ = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, said


def _append_pair(root: Path, number: int) -> None:
    """Append a draft and its essay, of a combo and model that has an older draft."""
    folder = root / "3_generation" / "draft_responses"
    response = f"draft_responses/{min(path.name for path in folder.iterdir())}"
    combo, model, year = "combo_v1_a93f52", "basalt-2", 2026 + number
    tail = f"{model},success,{year}-01-01,{response}"
    draft = f"late {number} draft,{combo},concepts,noticing-v1,{tail}"
    append(root, f"{TABLES}/draft_generation_results.csv", draft)
    essay = f"late {number} essay,{combo},field-notes-v1,{tail}"
    append(root, f"{TABLES}/essay_generation_results.csv", essay)
