"""The real commands on data roots of their own, and what they left there.

A command is a process with arguments and an environment as a user gives them. It may
be a fork of one that has started already (see forking.py); `process` and `started`
start it as a user does. Nothing here but the harness imports the project. Every root
has a folder to itself, next to dbt's own files, so that no test writes into the
repository. This is a pytest plugin (see conftest.py): its session fixtures are only to
be read; tests work on copies. The roots that they copy are built once a session.
"""

import csv
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from forking import can_fork, run_fork
from harness import PARSED, Models
from sharing import once, shared_folder

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPT = REPOSITORY / "scripts" / "materialize_docs.py"
DBT = Path(sys.executable).with_name("dbt")
BUILD = ("build", "--exclude-resource-type", "unit_test")  # which no data root changes
LARGE = 1500  # rows: several batches, so that worker processes have work to share
TIMEOUT_S = 120
ODD: dict[str, Any] = {  # the vars of the odd root
    "run_id": "of_var",
    "evaluation_root": "4_evaluation",
    "max_response_bytes": 40,
}

Process = subprocess.CompletedProcess[str]
Results = dict[str, Any]


class Entry(NamedTuple):
    """What is at one path; `content` is a file's hash or a link's target."""

    kind: str
    size: int
    mtime_ns: int
    content: str


@dataclass(frozen=True)
class Run:
    """A data root on which one command has ended."""

    root: Path
    process: Process


# Commands ----------------------------------------------------------------------------


def dbt(root: Path, *args: str, **environment: str | None) -> Process:
    """Run dbt on a data root; what it has parsed, all of them share."""
    return run(root, [str(DBT), *args], sharing(root) | environment)


def sharing(root: Path) -> dict[str, str | None]:
    """Return the environment in which dbt's files are those of all data roots.

    If a var differs from the last time, dbt parses the whole project again, which takes
    longer than the command itself. `by_itself` is for commands with such vars.
    """
    environment = by_itself(root.parent)
    target = Path(str(environment["DBT_TARGET_PATH"]))
    if PARSED.exists() and not (target / PARSED.name).exists():
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PARSED, target / PARSED.name)
    return environment


def by_itself(root: Path) -> dict[str, str | None]:
    """Return the environment in which dbt shares nothing: its files are separate."""
    return {
        "DBT_TARGET_PATH": str(root.parent / "dbt" / "target"),
        "DBT_LOG_PATH": str(root.parent / "dbt" / "logs"),
        "DBT_USE_COLORS": "false",
    }


def build(root: Path, *args: str, **environment: str | None) -> Process:
    """Run `dbt build` without the unit tests, and without files that nobody reads."""
    unwritten: dict[str, str | None] = {"DBT_WRITE_JSON": "false"}
    return dbt(root, *BUILD, *args, **unwritten | environment)


def materialize(root: Path, *args: str, **environment: str | None) -> Process:
    """Run scripts/materialize_docs.py on a data root."""
    return run(root, [sys.executable, str(SCRIPT), *args], environment)


@contextmanager
def started(
    root: Path,
    *command: str,
    environment: dict[str, str | None] | None = None,
    **options: Any,
) -> Iterator[subprocess.Popen[str]]:
    """Have a process of this Python on a data root; it is killed if it still runs."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=REPOSITORY,
        env=_environment(root, environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def holding(root: Path, path: Path, code: str) -> Iterator[int]:
    """Have another process hold `path` by running `code`; yield its process id."""
    program = f"import sys, time; path = sys.argv[1]\n{code}\nprint(flush=True)"
    with started(root, "-c", f"{program}; time.sleep(60)", str(path)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"
        yield process.pid


LOCK = (
    "from pathlib import Path; from docs_index.disk.lock import take_lock; "
    "take_lock(Path(path))"
)


def run(
    root: Path, command: list[str], environment: Mapping[str, str | None]
) -> Process:
    """Run any command on a data root, in the repository's folder, to its end."""
    return run_command(command, _environment(root, environment))


def process(
    root: Path, command: list[str], environment: Mapping[str, str | None]
) -> Process:
    """Run any command as `run` does, but always start it."""
    return _run_process(command, _environment(root, environment))


def script(root: Path, name: str, *args: str, **environment: str) -> Process:
    """Run a script with its data root as an option, as a user would."""
    command = [sys.executable, f"scripts/{name}", "--data-root", str(root), *args]
    return run_command(command, {**os.environ, **environment})


def run_command(command: list[str], environment: Mapping[str, str]) -> Process:
    """Run a command with all of an environment, in the repository, to its end."""
    if can_fork(command, environment):
        return run_fork(command, environment, TIMEOUT_S)
    return _run_process(command, environment)


def _run_process(command: list[str], environment: Mapping[str, str]) -> Process:
    return subprocess.run(
        command,
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def _environment(root: Path, changes: Mapping[str, str | None]) -> dict[str, str]:
    """Return this process's environment with `changes`; None takes a variable out."""
    merged = {**os.environ, "DATA_ROOT": str(root), "RUN_ID": None, **changes}
    return {name: value for name, value in merged.items() if value is not None}


NOBODY = 65534


def as_nobody(work: Callable[[], str]) -> str:
    """Return what `work` returns for a user without rights."""
    if os.geteuid() != 0:
        return work()
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(writable, work().encode())
        except PermissionError:
            os.write(writable, b"not allowed")
        finally:
            os._exit(0)
    os.close(writable)
    with open(readable) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if answer == "not allowed":
        pytest.skip("root may not become another user here")
    return answer


# What is there -----------------------------------------------------------------------


def snapshot(folder: Path) -> dict[str, Entry]:
    """Return what is under a folder by relative path, all but the lock file."""
    paths = sorted(folder.rglob("*"))
    return {
        str(path.relative_to(folder)): _entry(path)
        for path in paths
        if path.name != ".lock"
    }


def contents(folder: Path) -> dict[str, str]:
    """Return a snapshot without times: what is equal however often it is made.

    A page names its data root, and counts as equal in another one.
    """
    found = {path: entry.content for path, entry in snapshot(folder).items()}
    for path in found:
        if path.endswith(".html"):
            page = (folder / path).read_text().replace(str(folder), "ROOT")
            found[path] = hashlib.sha256(page.encode()).hexdigest()
    return found


def _entry(path: Path) -> Entry:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return Entry("link", 0, status.st_mtime_ns, os.readlink(path))
    if stat.S_ISDIR(status.st_mode):
        return Entry("folder", 0, status.st_mtime_ns, "")
    if not stat.S_ISREG(status.st_mode):
        return Entry("special", 0, status.st_mtime_ns, "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Entry("file", status.st_size, status.st_mtime_ns, digest)


def index(root: Path) -> Path:
    """Return where the SQLite index of a data root is."""
    return root / "db" / "documents.sqlite"


def spoil_schema(database: Path) -> None:
    """Damage a SQLite file so that its own words about it are not UTF-8."""
    content = database.read_bytes()
    made = b"CREATE TABLE "
    database.write_bytes(content.replace(made, made[:8] + b"\xff\xfe" + made[10:]))


def query(root: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Return the rows of a query on the index, which is only read."""
    uri = f"{index(root).as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        return connection.execute(sql, values).fetchall()


def dump(root: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every table of the index, rows in the order in which they were added."""
    schema = query(root, "select type, name, sql from sqlite_master order by name")
    rows = {
        name: query(root, f"select * from {name} order by rowid")
        for kind, name, _ in schema
        if kind == "table"
    }
    return rows | {"sqlite_master": schema}


def documents(root: Path, condition: str = "true") -> list[dict[str, Any]]:
    """Return the documents of the index, `meta_small` as the object that it is."""
    names = [
        name
        for (name,) in query(root, "select name from pragma_table_info('documents')")
    ]
    found = query(root, f"select * from documents where {condition} order by rowid")
    rows = [dict(zip(names, row, strict=True)) for row in found]
    return [row | {"meta_small": json.loads(row["meta_small"])} for row in rows]


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def bad_list(root: Path) -> Path:
    """Return the path of bad_generations.csv."""
    return root / "7_cross_experiment" / "bad_generations.csv"


def report(root: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of the report `latest` or `consistency`."""
    return read_csv(root / "7_reporting" / f"documents_{name}_report.csv")


def results(root: Path) -> Results:
    """Return all that runs have written to a root; SQLite rows in no order."""
    return {
        "docs": contents(root / "docs"),
        "tables": {name: sorted(rows, key=repr) for name, rows in dump(root).items()},
        "bad list": bad_list(root).read_bytes(),
        "reports": contents(root / "7_reporting"),
    }


# Roots -------------------------------------------------------------------------------


def write(root: Path, path: str, text: str) -> None:
    """Write a file under a data root, with the folders above it."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8", newline="")


def write_table(root: Path, path: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Write a CSV file under a data root; the first row's names are the header."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    with (root / path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def append(root: Path, path: str, line: str) -> None:
    """Append one line to a file under a data root."""
    with (root / path).open("a", encoding="utf-8", newline="") as file:
        file.write(line + "\n")


def copied(root: Path, folder: Path) -> Path:
    """Copy a built root to `folder/root`, times and links included.

    A build names the data root it was made for, and scripts refuse another one. The
    copy's record is given its new place, as if the build had been made there: that
    saves a dbt build per test.
    """
    target = folder / "root"
    shutil.copytree(root, target, symlinks=True)
    with duckdb.connect(str(target / "db" / "build.duckdb")) as connection:
        record = "update main.build_record set data_root = ?"
        connection.execute(record, [str(target.resolve())])
    return target


def broken_dbt(folder: Path, message: str) -> str:
    """Return a PYTHONPATH with a package `dbt` that cannot be imported."""
    package = folder / "broken" / "dbt"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"raise ImportError({message!r})\n")
    return f"{package.parent}{os.pathsep}{REPOSITORY / 'src'}"


def good(process: Process) -> Process:
    """Return a process that ended well; fail with all it said otherwise."""
    if process.returncode != 0:
        said = f"{process.stdout}\n{process.stderr}"
        pytest.fail(f"{process.args} ended with {process.returncode}\n{said}")
    return process


def built_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """Return a copy of a root that the session's first process makes, by `make`."""
    folder = shared_folder(factory) / name
    folder.mkdir(exist_ok=True)

    def build_it() -> None:
        shutil.rmtree(folder / "root", ignore_errors=True)
        make(folder / "root")

    once(folder, name, build_it)
    return copied(folder / "root", factory.mktemp(name))


@pytest.fixture(scope="session")
def built_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled sample after one real `dbt build`."""
    return built_once(tmp_path_factory, "built_sample", build_sample)


def build_sample(root: Path) -> None:
    """Copy the bundled sample, and build it."""
    shutil.copytree(REPOSITORY / "sample", root)
    good(build(root))


@pytest.fixture(scope="session")
def first_run(built_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The sample after its build and its first run."""
    root = copied(built_sample, tmp_path_factory.mktemp("first_run"))
    return Run(root, good(materialize(root)))


@pytest.fixture(scope="session")
def built_odd(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small root that stretches what a build may be given, built."""

    def make(root: Path) -> None:
        write_odd(root)
        models.write_build(root, **ODD)

    return built_once(tmp_path_factory, "built_odd", make)


def write_odd(root: Path) -> None:
    """Write a small root that stretches what a build may be given.

    Evaluations under 4_evaluation, files of up to 40 bytes, a run_id from both sides,
    no link table, no essays but a header; drafts of one logical key with one timestamp,
    and a later one that its parser cannot handle.
    """
    table = "7_cross_experiment/{}_results.csv"
    drafts = [
        draft_row("first", "2025-01-01", "<essay>one</essay>"),
        draft_row("tied", "2025-01-02", "<essay>two</essay>"),
        draft_row("tied_later_in_file", "2025-01-02T00:00Z", "<essay>three</essay>"),
        draft_row("latest_without_tags", "2025-01-03", "four"),
        draft_row("forty_bytes", "2024-12-01", "<essay>éé</essay>".ljust(38)),
        draft_row("forty_one_bytes", "2024-12-02", "<essay>éé</essay>".ljust(39)),
    ]
    for row in drafts:
        write(root, f"3_generation/{row['response_file']}", row.pop("text"))
    write_table(root, table.format("draft_generation"), drafts)
    write(root, table.format("essay_generation"), "essay_task_id,response_file\n")
    write_table(root, table.format("evaluation"), [evaluation_row("judged", "first")])
    write(root, "4_evaluation/judged.txt", "fine\n")
    write(root, "1_raw/draft_templates.csv", "template_id,parser\nt,essay_block\n")


def draft_row(task_id: str, timestamp: str, text: str) -> dict[str, str]:
    """Return a draft of one combo, template and model; `text` is not a column."""
    return {
        "draft_task_id": task_id,
        "combo_id": "c",
        "draft_template_id": "t",
        "generation_model": "m",
        "generation_status": "success",
        "generation_timestamp": timestamp,
        "response_file": f"draft_responses/{task_id}.txt",
        "text": text,
    }


def evaluation_row(task_id: str, generation_task_id: str) -> dict[str, str]:
    """Return an evaluation of a draft."""
    return {
        "evaluation_task_id": task_id,
        "generation_task_id": generation_task_id,
        "combo_id": "",
        "evaluation_template": "e",
        "evaluation_model": "judge",
        "evaluation_status": "success",
        "evaluation_timestamp": "2025-02-01",
        "eval_response_file": f"{task_id}.txt",
    }


@pytest.fixture(scope="session")
def odd_run(built_odd: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The odd root after a run."""
    root = copied(built_odd, tmp_path_factory.mktemp("odd_run"))
    return Run(root, good(materialize(root, RUN_ID="of_var")))


@pytest.fixture(scope="session")
def built_large(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root of 1,500 rows, built: enough for several batches and worker processes."""
    make = partial(build_large, models)
    return built_once(tmp_path_factory, "built_large", make)


def build_large(models: Models, root: Path) -> None:
    """Make a root of 1,500 rows, and build it."""
    maker = str(REPOSITORY / "bench" / "make_root.py")
    arguments = ["--documents", str(LARGE), "--text-bytes", "300"]
    good(run(root, [sys.executable, maker, str(root), *arguments], {}))
    models.write_build(root)


@pytest.fixture(scope="session")
def large_run(built_large: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The large root after a run in one process."""
    root = copied(built_large, tmp_path_factory.mktemp("large_run"))
    return Run(root, good(materialize(root, "--workers", "1")))


@pytest.fixture(scope="session")
def packed_run(built_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The sample after its first run, with a packed layout."""
    root = copied(built_sample, tmp_path_factory.mktemp("packed"))
    return Run(root, good(materialize(root, "--layout", "packed", "--workers", "1")))


@pytest.fixture
def pack(packed_run: Run, tmp_path: Path) -> Path:
    """A copy of the packed sample that a test may do with as it likes."""
    return copied(packed_run.root, tmp_path)


@pytest.fixture
def root(built_sample: Path, tmp_path: Path) -> Path:
    """A copy of the built sample that a test may do with as it likes."""
    return copied(built_sample, tmp_path)


@pytest.fixture
def ran(first_run: Run, tmp_path: Path) -> Path:
    """A copy of the sample after its first run."""
    return copied(first_run.root, tmp_path)


KILLED_WRITER = """
import os, signal, sqlite3, sys
index = sqlite3.connect(sys.argv[1], isolation_level=None)
index.execute("pragma cache_size = 1")  # pages are written before they are committed
index.execute("begin")
index.execute("create table half as select hex(zeroblob(100000)) as written")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def left_half_written(ran: Path) -> Path:
    """Kill a writer in the middle of a transaction, which its journal can undo."""
    command = [sys.executable, "-c", KILLED_WRITER, str(index(ran))]
    subprocess.run(command, check=False)
    with pytest.raises(sqlite3.OperationalError) as refusal:
        query(ran, "select * from documents")
    assert refusal.value.sqlite_errorcode == sqlite3.SQLITE_READONLY_ROLLBACK
    return ran


@pytest.fixture
def large(built_large: Path, tmp_path: Path) -> Path:
    """A copy of the large root, built."""
    return copied(built_large, tmp_path)
