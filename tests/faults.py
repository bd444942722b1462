"""How tests disturb the program: at chosen moments, in small and odd places.

Nothing here imports the project: where a run is, is read off what it has left in its
data root. This is a pytest plugin (see conftest.py) that ends a session by saying how
many kills landed in which phase. With `DOCS_INDEX_SOAK=1` there are far more of them.
Chance is seeded, and `DOCS_INDEX_SEED` sets the seed that was printed.
"""

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from building import TIMEOUT_S, bad_list, contents, dump, index, query

SEED = int(  # of this session, also in processes that share its tests
    os.environ.setdefault("DOCS_INDEX_SEED", str(time.time_ns() % 1_000_000))
)
STAGES = ("draft", "essay", "evaluation")
BUILDING = "dbt build"
PHASES = ("start", "directories", "index rows", "bad list", "reports", "closing")

Contents = dict[str, str]
Popen = subprocess.Popen[str]

_landed: Counter[str] = Counter()
_reported: Counter[str] = Counter()  # those of all processes


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Chance that every test has for itself, whichever others run."""
    return random.Random(f"{SEED} {request.node.nodeid}")


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is one: a full sync of a busy disk takes long."""
    shared = Path("/dev/shm")
    if not os.access(shared, os.W_OK):
        yield tmp_path_factory.mktemp("memory")
        return
    with TemporaryDirectory(dir=shared, prefix="docs_index_tests_") as folder:
        yield Path(folder)


@pytest.fixture
def landed(record_property: Callable[[str, object], None]) -> Iterator[Counter[str]]:
    """The kills of this process, by the phase in which they landed."""
    before = _landed.copy()
    yield _landed
    record_property("landed", dict(_landed - before))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "teardown":
        for name, kills in report.user_properties:
            if name == "landed":
                assert isinstance(kills, dict)
                _reported.update(kills)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _reported:
        terminalreporter.section(f"kills by phase (DOCS_INDEX_SEED={SEED})")
        for phase in (BUILDING, *PHASES):
            terminalreporter.line(f"{_reported[phase]:5} {phase}")


# Moments -----------------------------------------------------------------------------


def wait_for(condition: Callable[[], bool], seconds: float = TIMEOUT_S) -> None:
    """Wait until something has happened, and fail if it does not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not happened"
        time.sleep(0.0005)


def holds_lock(process: Popen, root: Path) -> bool:
    """Tell whether a process has begun to work on a root: it names itself there."""
    lock = root / "db" / ".lock"
    return lock.exists() and f"(process {process.pid})" in lock.read_text()


def seen(root: Path) -> str:
    """Return the phase of a first run of the materializer, at a glance.

    Rows are inserted between directories: that takes a closer look.
    """
    if _consistency(root).exists():
        return "closing"
    if bad_list(root).exists():
        return "reports"
    if not any((root / "docs").glob("draft/*")):
        return "start"
    is_placing = (root / "docs" / ".unpublished").exists()
    return "directories" if is_placing else "bad list"


def reached(root: Path, whole: "Whole") -> str:
    """Return the phase that a killed first run had reached, by what it left.

    Rows were due when all directories of a stage are there, and its rows are not.
    """
    phase = seen(root)
    if phase != "directories":
        return phase
    rows = Counter(doc_dir.partition("/")[0] for doc_dir in indexed(root))
    due = [stage for stage in STAGES if rows[stage] < whole.counts[stage]]
    return "index rows" if any(map(whole.is_placed, due)) else "directories"


def _consistency(root: Path) -> Path:
    return root / "7_reporting" / "documents_consistency_report.csv"


def workers(process: Popen) -> list[int]:
    """Return the process ids of what a process has started."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(child) for child in children.read_text().split()]


def kill(process: Popen, *, with_workers: bool) -> bool:
    """Kill a whole process group, with its workers; return whether it still ran.

    Workers have a group of their own, and live on until they notice.
    """
    if process.poll() is not None:
        return False
    groups = workers(process) if with_workers else []
    for group in (process.pid, *groups):
        with suppress(ProcessLookupError):  # it ends at this very moment
            os.killpg(group, signal.SIGKILL)
    process.wait(timeout=TIMEOUT_S)
    return process.returncode == -signal.SIGKILL


# States ------------------------------------------------------------------------------


def left_in(scratch: Path) -> list[Path]:
    """List what killed processes left in a temporary folder.

    Python tries out a temporary folder with a file of its own, and removes that file at
    once. A kill between the two leaves it: such a file is not ours.
    """
    tried_by_python = re.compile("[a-z0-9_]{8}")
    return [
        path
        for path in scratch.glob("*")
        if not (
            path.is_file()
            and tried_by_python.fullmatch(path.name)
            and path.read_bytes() in (b"", b"blat")
        )
    ]


class Whole:
    """All that an uninterrupted run leaves, to hold others against."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files, self.tables = self._state()
        self.docs = {stage: listed(root / "docs" / stage) for stage in STAGES}
        places = query(root, "select stage, doc_dir from documents order by rowid")
        self.counts = Counter(stage for stage, _ in places)
        self._last = {stage: root / "docs" / doc_dir for stage, doc_dir in places}

    def is_placed(self, stage: str) -> bool:
        """Tell whether all directories of a stage are there."""
        if not self._last[stage].exists():  # a glance, before counting
            return False
        with os.scandir(self.root / "docs" / stage) as keys:
            return sum(len(os.listdir(key)) for key in keys) == self.counts[stage]

    def check(self) -> None:
        """Fail unless the root is again what it was, and nothing else is there."""
        assert not left_in(self.root.parent / "scratch")
        files, tables = self._state()
        assert files == self.files
        assert tables == self.tables

    def check_so_far(self) -> None:
        """Fail unless every directory is complete, and every row has one."""
        found = {stage: listed(self.root / "docs" / stage) for stage in STAGES}
        for stage, tree in found.items():
            assert tree == {
                path: size
                for path, size in self.docs[stage].items()
                if (path if path.count("/") < 2 else path.rpartition("/")[0]) in tree
            }
        for doc_dir in indexed(self.root):
            stage, _, path = doc_dir.partition("/")
            assert path in found[stage]

    def forget_runs(self) -> None:
        """Remove all that runs have written to the root, but not the build."""
        for folder in ("docs", "7_reporting"):
            shutil.rmtree(self.root / folder, ignore_errors=True)
        bad_list(self.root).unlink(missing_ok=True)
        for file in index(self.root).parent.glob("*documents.sqlite*"):
            file.unlink()

    def _state(self) -> tuple[Contents, object]:
        files = contents(self.root)
        for database in ("db/build.duckdb", "db/documents.sqlite"):
            files[database] = "compared by what is in it"
        return files, dump(self.root)


def listed(folder: Path) -> dict[str, int]:
    """Return what is under a folder by relative path: files' sizes, -1 of folders."""
    found: dict[str, int] = {}
    for place, folders, files in os.walk(folder):
        prefix = f"{place}/".removeprefix(f"{folder}/")
        found |= {f"{prefix}{name}": -1 for name in folders}
        found |= {
            f"{prefix}{name}": os.stat(f"{place}/{name}").st_size for name in files
        }
    return found


def indexed(root: Path) -> list[str]:
    """Return the directories that have rows, without touching what a kill has left."""
    with TemporaryDirectory() as folder:
        for file in index(root).parent.glob("documents.sqlite*"):
            shutil.copy(file, folder)
        copy = Path(folder) / index(root).name
        if not copy.exists() or not copy.stat().st_size:
            return []
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
            found = connection.execute("select doc_dir from documents").fetchall()
    return [doc_dir for (doc_dir,) in found]
