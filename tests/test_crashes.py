"""A command that is killed before any of its steps is completed by the next run."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from building import (
    REPOSITORY,
    Process,
    Run,
    bad_list,
    contents,
    copied,
    dump,
    good,
    index,
    run,
)
from dying import KILLED
from forking import DYING
from sampling import SOAK
from test_litter import PROGRAM

from docs_index.index.writer import Writer


def unchanged(root: Path) -> None:
    pass


def without_index(root: Path) -> None:
    for path in index(root).parent.glob("documents.sqlite*"):
        path.unlink()


def without_lists(root: Path) -> None:
    bad_list(root).unlink()
    for path in (root / "7_reporting").iterdir():
        path.unlink()


def packed(root: Path) -> None:
    good(call(root, TO_PACKED))


def in_small_shards(root: Path) -> None:
    packed(root)
    writer = Writer(root, run_id="r")
    for number in range(3):
        writer.add(replace(PROGRAM, attempt_id=str(number)))


def without_rows(root: Path) -> None:
    packed(root)
    without_index(root)


DOCS_INDEX = Path(sys.executable).with_name("docs-index")
MATERIALIZE = ["materialize_docs.py", "--workers", "1"]
PACK = [*MATERIALIZE, "--layout", "packed"]
TO_PACKED = ["repack", "--layout", "packed"]
TO_DIRECTORIES = ["repack", "--layout", "directories"]
MERGE = ["repack", "--merge"]
REINDEX = ["reindex_docs.py", "--workers", "1", "--replace", "--output"]
REINDEX += ["ROOT/db/documents.sqlite"]
COMMANDS: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "lists": (without_lists, MATERIALIZE),
    "a lost index": (without_index, REINDEX),
    "an index that is replaced": (unchanged, REINDEX),
    "the report": (unchanged, ["report_docs.py"]),
    "suggestions": (unchanged, ["suggest_repairs.py"]),
    "packing": (unchanged, TO_PACKED),
    "unpacking": (packed, TO_DIRECTORIES),
    "joining shards": (in_small_shards, MERGE),
    "rows of packed documents": (without_rows, PACK),
}
Steps = Callable[[], Iterator[int]]


def few() -> Iterator[int]:
    """Yield steps further and further apart."""
    return (4**power for power in count())


def many() -> Iterator[int]:
    return count(1, 1 if SOAK else 8)


few_and_many = pytest.mark.parametrize(
    "steps", [few, pytest.param(many, marks=pytest.mark.slow)]
)


@pytest.mark.soak
@few_and_many
def test_a_killed_first_run_is_completed_by_the_next(
    built_sample: Path, first_run: Run, tmp_path: Path, steps: Steps
) -> None:
    wanted = state(first_run.root)
    for step, root in killed(built_sample, tmp_path, MATERIALIZE, steps):
        good(call(root, MATERIALIZE))
        assert state(root) == wanted, step


@pytest.mark.soak
@few_and_many
def test_a_killed_first_run_that_packs_is_completed_by_the_next(
    built_sample: Path, tmp_path: Path, steps: Steps
) -> None:
    whole = copied(built_sample, tmp_path / "whole")
    good(call(whole, PACK))
    wanted = state(whole)
    for step, root in killed(built_sample, tmp_path, PACK, steps):
        good(call(root, PACK))
        assert state(root) == wanted, step


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_killed_command_is_completed_by_the_next(
    first_run: Run, tmp_path: Path, name: str
) -> None:
    prepare, command = COMMANDS[name]
    prepared = copied(first_run.root, tmp_path / "prepared")
    prepare(prepared)
    whole = copied(prepared, tmp_path / "whole")
    good(call(whole, command))
    for step, root in killed(prepared, tmp_path, command, many):
        good(call(root, command))
        assert state(root) == state(whole), step


def killed(
    before: Path, folder: Path, command: list[str], steps: Steps
) -> Iterator[tuple[int, Path]]:
    """Yield copies of a root on which a command was killed before a step, and which."""
    for step in steps():
        root = copied(before, folder / str(step))
        process = call(root, command, die_before=step)
        if process.returncode != KILLED:
            good(process)
            assert step > 1
            return
        yield step, root


def call(root: Path, command: list[str], die_before: int | None = None) -> Process:
    options = [word.replace("ROOT", str(root)) for word in command[1:]]
    program = [str(DOCS_INDEX), command[0]]
    if command[0].endswith(".py"):
        program = [str(REPOSITORY / "scripts" / command[0])]
    words = [*program, *options]
    if die_before is not None:
        words = [DYING, str(die_before), str(root), *words]
    return run(root, [sys.executable, *words], {})


def state(root: Path) -> object:
    """Return what is in a root, of databases the rows."""
    files = {
        path: "a database" if path.endswith((".sqlite", ".duckdb")) else content
        for path, content in contents(root).items()
    }
    return files, dump(root)
