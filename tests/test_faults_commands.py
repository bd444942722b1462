"""A system that fails for a moment: one line with the path, 74, and nothing false.

Python's own calls fail in a fork (failing.py), those of SQLite and DuckDB under a
small library that a test builds and preloads (preloaded.c). The next run, undisturbed,
leaves what one run alone leaves.
"""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from ast import literal_eval
from itertools import cycle
from pathlib import Path

import pytest
from building import (
    BUILD,
    DBT,
    REPOSITORY,
    Process,
    Run,
    bad_list,
    build,
    contents,
    copied,
    dump,
    good,
    index,
    materialize,
    process,
    query,
    results,
    run,
    sharing,
    started,
)
from cohort_roots import cohort
from forking import FAILING
from sampling import SOAK
from test_faults_calls import CODES, NOT_PERMITTED, QUICK_CODES

MATERIALIZE = ["materialize_docs.py", "--workers", "1", "--quiet"]
VERIFY = ["verify_docs.py", "--workers", "1", "--quiet", "--read-data", "all"]
REINDEX = ["reindex_docs.py", "--workers", "1", "--replace", "--quiet", "--output"]
COMMANDS = {  # after a first run, but for the first
    "a first run": MATERIALIZE,
    "a run with nothing to do": MATERIALIZE,
    "verify": VERIFY,
    "reindex": [*REINDEX, "ROOT/db/new.sqlite"],
    "suggestions": ["suggest_repairs.py", "--quiet"],
    "the page": ["report_docs.py"],
}
POINTS = 200 if SOAK else 8  # of each command in `make test-all`
FEW = 2  # in `make test`


def call(
    root: Path, command: list[str], *failure: object, report: Path | None = None
) -> Process:
    """Run a script on a root; with a failure it is (kind, nth, code)."""
    words = [str(REPOSITORY / "scripts" / command[0]), *command[1:]]
    words = [word.replace("ROOT", str(root)) for word in words]
    if failure:
        words = [FAILING, *map(str, failure), str(root), str(report), *words]
    return run(root, [sys.executable, *words], {})


def state(root: Path) -> object:
    """Return what is in a root, of databases the rows of the index alone."""
    files = {
        path: "a database" if path.endswith((".sqlite", ".duckdb")) else content
        for path, content in contents(root).items()
    }
    return files, dump(root) if index(root).exists() else None


def points(root: Path, command: list[str], report: Path) -> list[tuple[str, int]]:
    """Return the calls of a command, spread over all of them and their kinds."""
    good(call(root, command, "none", 0, 0, report=report))
    counted = literal_eval(report.read_text().splitlines()[1])
    return [
        (kind, nth)
        for kind, number in sorted(counted.items())
        for nth in range(1, number + 1)
    ]


def check_stopped(stopped: Process, root: Path) -> None:
    """Fail unless a command has ended with 74 and one line that has a path."""
    said = stopped.stderr
    assert stopped.returncode == 74, said + stopped.stdout
    assert said.startswith("error: ") and said.count("\n") == 1, said
    assert str(root) in said or f"{tempfile.gettempdir()}/docs_index_" in said, said


def check_nothing_false(root: Path, whole: Path) -> None:
    """Fail if a bad row or a conflict has been recorded that a whole run does not."""
    if bad_list(root).exists():
        assert bad_list(root).read_bytes() == bad_list(whole).read_bytes()
    if index(root).exists():
        for table in ("bad_generations", "backfill_conflicts"):
            everything = f"select * from {table}"
            assert set(query(root, everything)) <= set(query(whole, everything))


@pytest.mark.soak
@pytest.mark.parametrize(
    ("name", "most"),
    [("a first run", FEW), ("verify", FEW)]
    + [pytest.param(name, POINTS, marks=pytest.mark.slow) for name in COMMANDS],
)
def test_a_command_stops_at_a_call_that_fails(
    built_sample: Path, first_run: Run, memory: Path, name: str, most: int
) -> None:
    command, base = COMMANDS[name], memory / f"{most}{len(name)}"
    before = built_sample if name == "a first run" else first_run.root
    whole, report = copied(before, base / "whole"), base / "report"
    every = points(whole, command, report)
    wanted = state(whole)
    codes = cycle(CODES if most == POINTS else QUICK_CODES)
    for (kind, nth), code in zip(every[:: len(every) // most + 1], codes, strict=False):
        root = copied(before, base / "once")
        stopped = call(root, command, kind, nth, code, report=report)
        assert report.read_text().splitlines()[0], (kind, nth)  # it has failed
        if stopped.returncode != 0:  # else it was a look that nothing depends on
            check_stopped(stopped, root)
            check_nothing_false(root, whole)
            good(call(root, command))
        assert relative(state(root), root) == relative(wanted, whole), (kind, nth, code)
        shutil.rmtree(base / "once")
    shutil.rmtree(base)


def relative(found: object, root: Path) -> str:
    return repr(found).replace(str(root), "ROOT")


@pytest.mark.slow
@pytest.mark.parametrize("code", [*CODES, *NOT_PERMITTED])
def test_the_status_of_a_cohort_is_not_made_up(tmp_path: Path, code: int) -> None:
    root = cohort(tmp_path / "root")
    command = ["cohort_status.py", "here"]
    said = call(root, command)
    assert said.returncode == 1  # it is incomplete
    for kind in ("stat", "open", "fstat", "read", "lstat"):
        for nth in (1, 3, 8):
            report = tmp_path / "report"
            stopped = call(root, command, kind, nth, code, report=report)
            if report.read_text().splitlines()[0]:
                check_stopped(stopped, root)


# dbt -------------------------------------------------------------------------------


def check_build_stopped(stopped: Process, path: Path, what: str) -> None:
    said = stopped.stdout + stopped.stderr
    assert stopped.returncode in (1, 2), said
    assert said.count(f"{path}: {what}") == 1, said
    assert "Traceback" not in said


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "code"), [("openat", "ESTALE"), ("fstat", "EACCES")])
def test_a_build_stops_at_a_response_file_that_cannot_be_read(
    built_sample: Path, first_run: Run, tmp_path: Path, kind: str, code: str
) -> None:
    root = copied(built_sample, tmp_path)
    folder, report = root / "3_generation/draft_responses", tmp_path / "report"
    number = getattr(errno, code)
    (root / "db/build.duckdb").unlink()  # which knows the files
    failure = [FAILING, kind, "2", str(number), str(folder), str(report)]
    command = [sys.executable, *failure, str(DBT), *BUILD]
    stopped = process(root, command, sharing(root) | {"DBT_WRITE_JSON": "false"})
    path = Path(report.read_text().splitlines()[0])
    check_build_stopped(stopped, path, os.strerror(number))
    assert materialize(root).returncode == 2  # there is nothing to work from
    good(build(root))
    good(materialize(root))
    assert relative(results(root), root) == relative(
        results(first_run.root), first_run.root
    )


@pytest.mark.slow
def test_a_build_that_is_open_elsewhere_is_told_in_one_line(
    built_sample: Path, tmp_path: Path
) -> None:
    root = copied(built_sample, tmp_path)
    path = root / "db/build.duckdb"
    code = (
        "import duckdb, sys, time; held = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print(flush=True); time.sleep(100)"
    )
    with started(root, "-c", code, str(path)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "\n"
        stopped = build(root)
    said = stopped.stdout + stopped.stderr
    assert stopped.returncode == 2
    assert said.count(str(path)) == 1
    assert f"{path} is open in another program: close it there" in said
    assert said.count("\n") < 20


# SQLite and DuckDB -----------------------------------------------------------------


@pytest.fixture(scope="module")
def preloaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that fails calls in C."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("there is no compiler for a library to preload")
    made = tmp_path_factory.mktemp("preloaded") / "preloaded.so"
    source = str(REPOSITORY / "tests/preloaded.c")
    flags = ["-shared", "-fPIC", "-O1", "-o", str(made), source, "-ldl"]
    compiled = subprocess.run([compiler, *flags], capture_output=True, check=False)
    if compiled.returncode != 0:
        pytest.skip("there is no compiler for a library to preload")
    return made


IN_C = [
    ("open", "documents.sqlite-wal", 1, errno.EIO),
    ("open", "documents.sqlite", 3, errno.EMFILE),
    ("open", "db/build.duckdb", 2, errno.ENFILE),
    ("read", "documents.sqlite", 2, errno.EIO),
    ("read", "documents.sqlite", 4, errno.ESTALE),
    ("read", "build.duckdb", 1, errno.EIO),
    ("read", "build.duckdb", 9, errno.ETIMEDOUT),
    ("write", "documents.sqlite", 1, errno.EIO),
    ("write", "documents.sqlite-wal", 1, errno.ENOSPC),
    ("write", "documents.sqlite-wal", 20, 250),
    ("sync", "documents.sqlite", 1, errno.EIO),
    ("sync", "documents.sqlite-wal", 1, errno.EIO),
    ("truncate", "documents.sqlite", 1, errno.EIO),
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "part", "nth", "code"), IN_C)
def test_a_run_stops_where_a_database_fails(
    built_sample: Path, first_run: Run, preloaded: Path, tmp_path: Path,
    kind: str, part: str, nth: int, code: int,
) -> None:  # fmt: skip
    root, report = copied(built_sample, tmp_path), tmp_path / "report"
    environment: dict[str, str | None] = {
        "LD_PRELOAD": str(preloaded), "FAIL_CALL": kind, "FAIL_PATH": part,
        "FAIL_NTH": str(nth), "FAIL_CODE": str(code), "FAIL_REPORT": str(report),
    }  # fmt: skip
    script = str(REPOSITORY / "scripts" / MATERIALIZE[0])
    stopped = process(root, [sys.executable, script, *MATERIALIZE[1:]], environment)
    if stopped.returncode != 0 or kind != "truncate":  # of which SQLite makes nothing
        assert report.exists()
        check_stopped(stopped, root)
        check_nothing_false(root, first_run.root)
    good(materialize(root))
    assert relative(results(root), root) == relative(
        results(first_run.root), first_run.root
    )
