"""A wrong data root is refused once, and nothing is written: with what was meant."""

from collections.abc import Callable
from pathlib import Path

import pytest
from building import BUILD, DBT, run, sharing, snapshot, write

from docs_index.data_roots import TABLES, choose_root, has_input, meant_by
from docs_index.errors import DataRootError
from docs_index.layout import (
    open_cohort_layout,
    open_filled_layout,
    open_layout,
    refuse_without_input,
)
from docs_index.writer import Writer

DRAFTS = "7_cross_experiment/draft_generation_results.csv"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root in a folder of its own, with an empty folder for responses."""
    root = tmp_path / "work" / "experiment"
    write(root, DRAFTS, "draft_task_id\n")
    (root / "3_generation" / "draft_responses").mkdir(parents=True)
    return root


MEANT: dict[str, Callable[[Path], Path]] = {
    "the folder of the tables": lambda root: root / "7_cross_experiment",
    "the folder of the responses": lambda root: root / "3_generation",
    "a folder two levels down": lambda root: root / "3_generation/draft_responses",
    "a table": lambda root: root / DRAFTS,
    "the only root in a folder": lambda root: root.parent,
    "a name that is not there": lambda root: root.parent / "experimnet",
    "a folder that is not there": lambda root: root / "nowhere",
}


@pytest.mark.parametrize("wrong", MEANT.values(), ids=MEANT)
def test_a_wrong_data_root_is_refused_with_what_was_meant(
    root: Path, wrong: Callable[[Path], Path]
) -> None:
    before = snapshot(root.parent)
    for opened in (open_filled_layout, open_cohort_layout):
        with pytest.raises(DataRootError) as refusal:
            opened(wrong(root))
        assert f"did you mean {str(root)!r}?" in str(refusal.value)
    assert snapshot(root.parent) == before


def test_a_program_does_not_add_documents_inside_a_data_root(root: Path) -> None:
    with pytest.raises(DataRootError, match="is a folder in a data root: did you mean"):
        Writer(root / "3_generation", run_id="r")


def test_a_new_folder_may_become_a_data_root(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    assert open_layout(tmp_path / "new").root == tmp_path / "new"


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataRootError, match="has nothing that a data root has: set"):
        open_filled_layout(tmp_path / "empty")


def test_nothing_is_guessed_among_several_roots(root: Path) -> None:
    write(root.parent / "other", DRAFTS, "draft_task_id\n")
    assert meant_by(root.parent) is None
    assert meant_by(root / DRAFTS) == root


@pytest.mark.parametrize("there", ["db/documents.sqlite", *TABLES, "gens/essay/e1/x"])
def test_a_root_is_known_by_what_is_in_it(tmp_path: Path, there: str) -> None:
    write(tmp_path / "root", there, "")
    assert open_filled_layout(tmp_path / "root").root == tmp_path / "root"
    assert meant_by(tmp_path / "typo") == tmp_path / "root"
    assert has_input(tmp_path / "root") == (not there.startswith("db/"))


@pytest.mark.parametrize("where", [".", "3_generation", "3_generation/draft_responses"])
def test_without_a_data_root_it_is_looked_for_upward(
    root: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATA_ROOT", raising=False)
    monkeypatch.chdir(root / where)
    assert open_layout().root == root
    assert choose_root() == (root, "found")
    assert choose_root("elsewhere") == (Path("elsewhere"), "option")
    monkeypatch.setenv("DATA_ROOT", "elsewhere")
    assert choose_root() == (Path("elsewhere"), "DATA_ROOT")


def test_a_folder_data_is_found_from_where_it_is_in(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATA_ROOT", raising=False)
    root.rename(root.parent / "data")
    (root.parent / "notes").mkdir()
    monkeypatch.chdir(root.parent / "notes")
    assert open_layout().root == root.parent / "data"


def test_where_no_data_root_is_above_one_in_the_folder_is_named(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATA_ROOT", raising=False)
    monkeypatch.chdir(root.parent)
    with pytest.raises(DataRootError) as refusal:
        open_layout()
    assert str(refusal.value).startswith("DATA_ROOT is not set, and no data root is")
    assert str(refusal.value).endswith(f"did you mean {str(root)!r}?")


def test_the_bundled_sample_is_not_found_and_not_meant(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATA_ROOT", raising=False)
    root.rename(root.parent / "sample")
    write(root.parent, "dbt_project.yml", "")
    for folder in (root.parent, root.parent / "sample" / "3_generation"):
        monkeypatch.chdir(folder)
        assert choose_root().source == "nothing"
    monkeypatch.chdir(root.parent)
    with pytest.raises(DataRootError, match=r"\A[^?]* --data-root \. --write\Z"):
        open_layout()


def test_a_root_with_documents_and_no_tables_is_not_built(tmp_path: Path) -> None:
    write(tmp_path / "root", "docs/draft/k/d/raw.txt", "")
    layout = open_filled_layout(tmp_path / "root")
    with pytest.raises(DataRootError, match="has none of the results tables") as error:
        refuse_without_input(layout)
    assert "did you mean" not in str(error.value)


def test_dbt_says_it_once_and_writes_nothing(root: Path) -> None:
    before = snapshot(root)
    wrong = {"DATA_ROOT": str(root / "3_generation")}
    process = run(root, [str(DBT), *BUILD], sharing(root) | wrong)
    assert process.returncode == 2
    said = process.stdout + process.stderr
    assert said.count(f"did you mean '{root}'?") == 1
    assert "Traceback" not in said
    assert snapshot(root) == before
