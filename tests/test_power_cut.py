"""After a power cut at any moment of a run, the next run completes the work.

The system calls of a run are recorded, and replayed up to a moment on a model of a
disk (power_cut.py), which then loses what had not been synced. With
`DOCS_INDEX_SOAK=1` there are far more moments, and other losses in each session.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from building import (
    REPOSITORY,
    Run,
    append,
    contents,
    copied,
    dump,
    good,
    index,
    materialize,
    script,
    write,
)
from faults import SEED
from harness import Models
from power_cut import Disk, File, Folder
from sampling import SOAK
from traced import NO_STRACE, Player, Step, can_trace, read, record

MOMENTS = 260 if SOAK else 8  # of each recorded run
# What verify may find: all of it is work that the next run does.
UNFINISHED = {
    "directory_unindexed",
    "unfinished_run",
    "lookup_missing",
    "lists_missing",
}
UNCHANGING = ("lseek", "close")
DRAFTS = "7_cross_experiment/draft_generation_results.csv"


# The model of a disk -----------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return begun(tmp_path)


def begun(folder: Path) -> Disk:
    """Return the disk of a folder with a file and a folder."""
    (folder / "folder").mkdir(exist_ok=True)
    (folder / "old.txt").write_text("old")
    return Disk(folder)


def new_file(disk: Disk, path: str) -> File:
    made = disk.create(path)
    assert isinstance(made, File)
    return made


def content(disk: Disk, path: str) -> bytes | None:
    """Return a file's content, None where it is not there."""
    node = disk.find(path)
    return node.current() if isinstance(node, File) else None


def left(folder: Path, do: Callable[[Disk], object], *paths: str) -> set[object]:
    """Return what many power cuts leave of files after the same changes."""
    found: set[object] = set()
    for seed in range(200):
        disk = begun(folder)
        do(disk)
        disk.cut(Random(seed))
        found.add(tuple(content(disk, path) for path in paths))
    return found


def test_data_without_a_sync_may_be_lost_or_half_there(tmp_path: Path) -> None:
    def do(disk: Disk) -> None:
        written = new_file(disk, "new.txt")
        disk.sync(disk.root)
        disk.write(written, 0, b"a" * 512)
        disk.write(written, 512, b"b" * 512)

    first, second = b"a" * 512, b"b" * 512
    may_be = {(b"",), (first,), (first + second,), (bytes(512) + second,)}
    assert left(tmp_path, do, "new.txt") == may_be | {(bytes(1024),)}


def test_a_name_without_a_sync_of_its_folder_may_be_lost(tmp_path: Path) -> None:
    def do(disk: Disk) -> None:
        written = new_file(disk, "new.txt")
        disk.write(written, 0, b"all")
        disk.sync(written)

    assert left(tmp_path, do, "new.txt") == {(None,), (b"all",)}


def test_a_rename_is_kept_or_lost_as_a_whole(tmp_path: Path) -> None:
    def do(disk: Disk) -> None:
        written = new_file(disk, "new.txt")
        disk.write(written, 0, b"new")
        disk.sync()
        disk.rename("new.txt", "old.txt")

    may_be = {(b"new", b"old"), (None, b"new")}
    assert left(tmp_path, do, "new.txt", "old.txt") == may_be


def test_changes_of_a_folder_are_kept_in_their_order(tmp_path: Path) -> None:
    def do(disk: Disk) -> None:
        for path in ("first", "folder/other", "second"):
            disk.create(path)

    may_be = {
        (b"", b"", None), (b"", b"", b""), (b"", None, None), (b"", None, b""),
        (None, None, None), (None, None, b""),
    }  # fmt: skip
    assert left(tmp_path, do, "first", "second", "folder/other") == may_be


def test_a_synced_folder_keeps_what_came_before(disk: Disk) -> None:
    disk.create("first")
    disk.rename("first", "folder/first")
    disk.create("later")
    disk.sync(disk.find("folder"))
    assert [len(each.names) for each in disk.namings] == [1]
    disk.cut(Random(1))
    assert content(disk, "folder/first") == b""


def test_what_was_synced_is_kept(disk: Disk) -> None:
    disk.create("new", Folder())
    disk.write(new_file(disk, "new/file.txt"), 0, b"text")
    disk.remove("old.txt")
    disk.sync()
    disk.cut(Random(1))
    assert content(disk, "new/file.txt") == b"text"
    assert disk.find("old.txt") is None


def test_a_sync_is_of_what_was_before_its_beginning(disk: Disk) -> None:
    written = disk.find("old.txt")
    assert isinstance(written, File)
    disk.write(written, 0, b"new")
    syncing = disk.begin_sync(written)
    disk.write(written, 3, b"er")
    disk.end_sync(syncing)
    assert (written.settled(), written.current()) == (b"new", b"newer")


def test_a_record_is_read_as_its_calls_ended() -> None:
    path = "".join(f"\\x{byte:02x}" for byte in b"/r/a")
    lines = [
        f'1 openat(AT_FDCWD<\\x2f>, "{path}", O_WRONLY|O_CREAT, 0666) = 3<{path}>',
        f'1 write(3<{path}>, "\\x61", 1 <unfinished ...>',
        f"2 fsync(3<{path}>)  = 0",
        "1 <... write resumed>) = 1",
        f'1 unlink("{path}") = -1 ENOENT (No such file or directory)',
        f"1 close(3<{path}>) = 0",
    ]
    steps = [(step.name, step.result) for step in read(lines, Path("/r"))]
    assert steps == [
        ("openat", 3), ("fsync", None), ("fsync", 0), ("write", 1), ("close", None),
        ("close", 0),
    ]  # fmt: skip


# A run -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recorded:
    """A run that was recorded: the root before it, its steps, and what it left."""

    root: Path
    before: Path
    steps: list[Step]
    after: object


def state(root: Path) -> object:
    """Return what is in a root, of databases the rows."""
    files = {
        path: "a database" if path.endswith((".sqlite", ".duckdb")) else content
        for path, content in contents(root).items()
    }
    return files, dump(root)


def recorded(before: Path, folder: Path) -> Recorded:
    """Record a run on a copy of a root."""
    if not can_trace():
        pytest.skip(NO_STRACE)
    root = copied(before, folder)
    shutil.copytree(root, folder / "before", symlinks=True)
    command = [str(REPOSITORY / "scripts" / "materialize_docs.py"), "--workers", "1"]
    environment = {**os.environ, "DATA_ROOT": str(root)}
    steps = record(command, environment, root, folder / "trace")
    return Recorded(root, folder / "before", steps, state(root))


@pytest.fixture(scope="module")
def first(built_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The first run of the sample."""
    return recorded(built_sample, tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def later(
    first_run: Run, models: Models, tmp_path_factory: pytest.TempPathFactory
) -> Recorded:
    """A later run of the sample, with new documents and a new rejected row."""
    root = copied(first_run.root, tmp_path_factory.mktemp("changed"))
    for n in range(1, 4):
        write(root, f"3_generation/new{n}.txt", f"<essay>{n}</essay>")
        append(root, DRAFTS, f"new{n},c,,t,m,success,2025-08-0{n},new{n}.txt")
    append(root, DRAFTS, "new,c,,t,m,success,2025-08-09,missing.txt")
    models.write_build(root)
    return recorded(root, tmp_path_factory.mktemp("later"))


def moments(steps: list[Step]) -> Iterator[tuple[int, Random]]:
    """Yield how many steps are made before the power is cut, with chance."""
    ends = [n for n, step in enumerate(steps, 1) if step.name not in UNCHANGING]
    for n in range(1, MOMENTS + 1):
        yield ends[len(ends) * n // MOMENTS - 1], Random(f"{SEED if SOAK else 0} {n}")


def replayed(run: Recorded, made: int) -> Disk:
    """Return the disk after some steps of a run."""
    disk = Disk(run.before)
    player = Player(disk, run.root)
    for step in run.steps[:made]:
        player.play(step)
    return disk


@pytest.mark.slow
def test_all_that_a_run_wrote_is_in_its_record(first: Recorded, tmp_path: Path) -> None:
    disk = replayed(first, len(first.steps))
    disk.write_to(tmp_path / "root", lambda name: False)
    assert state(tmp_path / "root") == first.after


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("name", ["first", "later"])
def test_the_next_run_completes_what_a_power_cut_left(
    name: str, request: pytest.FixtureRequest
) -> None:
    run: Recorded = request.getfixturevalue(name)
    for made, chance in moments(run.steps):
        disk = replayed(run, made)
        disk.cut(chance)
        shutil.rmtree(run.root)
        disk.write_to(run.root, lambda name: name == "build.duckdb")
        where = f"after step {made} of {len(run.steps)}: {run.steps[made - 1].name}"
        verified = script(run.root, "verify_docs.py", "--json", "--read-data", "all")
        if verified.returncode == 2:
            assert not index(run.root).exists(), where
            assert "there is no index" in verified.stderr, where
        else:
            found = json.loads(verified.stdout)["findings"]
            assert {each["code"] for each in found} <= UNFINISHED, (where, found)
        good(materialize(run.root))
        assert state(run.root) == run.after, where
