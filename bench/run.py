"""Benchmarks the project against two scripts and a minimal writer.

Owns the order of the runs, their measuring, and what is divided by what; it computes
nothing about documents itself. Each tool runs as a process of its own, and its result
is counted before its time is believed. All is written to one temporary folder, which is
removed at the end, after an error and on SIGTERM and SIGHUP too.
"""

import json
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

BENCH = Path(__file__).resolve().parent
REPOSITORY = BENCH.parent
MEMORY_FOLDER = Path("/dev/shm")
MINIMAL_PROCESSES = 2
LOG_LINES = 20
BUSY_LOAD = 0.7

SCRIPTS = ("plain", "lean")
PLAIN = ("plain",)
LEAN = ("lean",)
MINIMAL = ("minimal",)
MATERIALIZE = ("materialize",)
FIRST = ("build", "materialize")
RERUN = ("rerun_build", "rerun_materialize")
APPEND = ("append_build", "append_materialize")
PACKED = ("build", "packed_materialize")
PACK = ("packed_materialize",)
WRITTEN = (
    "docs",
    "db/documents.sqlite",
    "7_reporting",
    "7_cross_experiment/bad_generations.csv",
)


class BenchError(Exception):
    """A run failed or made the wrong number of documents: there is nothing to time."""


@dataclass(frozen=True)
class Usage:
    """What one process took.

    `peak_mb` is the largest of the process and of its children, not their sum. Linux
    counts the fork too, so it is never below the 40 MB or so that this process has.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float


Steps = dict[str, Usage]
Ratios = dict[str, float]


@dataclass(frozen=True)
class Measured:
    """The steps on one data root; `documents` is the number before appending."""

    rows: int
    documents: int
    steps: Steps

    def seconds(self, steps: tuple[str, ...]) -> float:
        return sum(self.steps[step].seconds for step in steps)

    def cpu_seconds(self, steps: tuple[str, ...]) -> float:
        return sum(self.steps[step].cpu_seconds for step in steps)

    def peak_mb(self, steps: tuple[str, ...]) -> float:
        return max(self.steps[step].peak_mb for step in steps)


@dataclass(frozen=True)
class Settings:
    """What is the same for every size: the folder, the job, the kind of root.

    With `is_packed` the job is also timed with a packed layout.
    """

    work: Path
    build: tuple[str, ...]
    materialize: tuple[str, ...]
    append: int
    text_bytes: int
    without_files: float
    is_packed: bool = False

    @property
    def root(self) -> Path:
        return self.work / "root"


# Running


def run_process(
    command: tuple[str, ...], work: Path, extra_env: Mapping[str, str]
) -> tuple[Usage, str]:
    """Run `command` in the repository; return what it took and its standard output.

    The folder of this interpreter is first in PATH, so `dbt` and `python` are those
    of its environment.

    Raises:
        BenchError: it is not to be found, or its exit code is not 0.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    env = {**os.environ, **extra_env, "PATH": path}
    out, err = work / "stdout.txt", work / "stderr.txt"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        started = time.perf_counter()
        try:
            process = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env=env,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise BenchError(f"{error.filename} is not there: install it") from error
        usage = _wait(process, started)
    printed = out.read_text("utf-8", errors="replace")
    if process.returncode != 0:
        lines = (printed + err.read_text("utf-8", errors="replace")).splitlines()
        head = f"{shlex.join(command)} ended with exit code {process.returncode}:"
        raise BenchError("\n".join([head, *lines[-LOG_LINES:]]))
    return usage, printed


def _wait(process: subprocess.Popen[bytes], started: float) -> Usage:
    """Wait for `process`; if that is interrupted, kill it and all that it started."""
    try:
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def run_tool(settings: Settings, script: str, *arguments: object) -> tuple[Usage, str]:
    """Run a script of this folder with the interpreter that runs this one."""
    words = (sys.executable, BENCH / script, *arguments)
    return run_process(tuple(str(word) for word in words), settings.work, {})


def run_job(settings: Settings, names: tuple[str, ...]) -> Steps:
    """Run the build and then the materializer on the data root, as steps of `names`."""
    commands = (settings.build, settings.materialize)
    return {
        name: run_process(command, settings.work, job_environment(settings))[0]
        for name, command in zip(names, commands, strict=True)
    }


def set_up(settings: Settings) -> None:
    """Let dbt parse the project where the jobs will look, as `make setup` does."""
    run_process(("dbt", "--quiet", "parse"), settings.work, job_environment(settings))


def job_environment(settings: Settings) -> dict[str, str]:
    """Return the variables by which the job finds its data root and its folders."""
    return {
        "DATA_ROOT": str(settings.root),
        "DBT_TARGET_PATH": str(settings.work / "target"),
        "DBT_LOG_PATH": str(settings.work / "logs"),
    }


# Measuring


def make_rows(settings: Settings, rows: int, *options: object) -> int:
    """Make or lengthen the data root; return how many documents it should give."""
    arguments = (settings.root, "--documents", rows, *options)
    made = json.loads(run_tool(settings, "make_root.py", *arguments)[1])
    return int(made["documents"])


def check_count(output: Path, expected: int, who: str) -> None:
    """Refuse the time of a run that made more or fewer documents than it should."""
    index = output / "db" / "documents.sqlite"
    if not index.is_file():
        raise BenchError(f"{who} left no index {index}")
    with closing(sqlite3.connect(f"file:{index}?mode=ro", uri=True)) as db:
        (found,) = db.execute("select count(*) from documents").fetchone()
    if found != expected:
        raise BenchError(f"{who} made {found} documents; {expected} are right")


def measure_scripts(settings: Settings, expected: int) -> Steps:
    """Time the plain script and the lean one, and remove what they wrote."""
    steps = {}
    for name in SCRIPTS:
        output = settings.work / name
        steps[name], _ = run_tool(settings, f"{name}_script.py", settings.root, output)
        check_count(output, expected, f"the {name} script")
        shutil.rmtree(output)
    return steps


def measure_minimal(settings: Settings) -> Steps:
    """Time the minimal writer on the tree that the job wrote, and remove its copy.

    The seconds are those of the writing; CPU and memory also hold the listing of it.
    """
    copy = settings.work / "minimal"
    words = (settings.root / "docs", copy, "--processes", MINIMAL_PROCESSES)
    usage, printed = run_tool(settings, "minimal_writer.py", *words)
    shutil.rmtree(copy)
    seconds = float(json.loads(printed)["seconds"])
    return {"minimal": Usage(seconds, usage.cpu_seconds, usage.peak_mb)}


def measure_packed(settings: Settings, expected: int) -> Steps:
    """Time the materializer with a packed layout, and the reading of one document.

    The last build is used again, and its directories are made again afterwards.
    """
    steps = {}
    pack = (*settings.materialize, "--layout", "packed")
    forget_run(settings)
    steps["packed_materialize"] = run_materializer(settings, pack)
    check_count(settings.root, expected, "the packed run")
    steps["packed_rerun_materialize"] = run_materializer(settings, settings.materialize)
    usage, printed = run_tool(settings, "read_documents.py", settings.root)
    seconds = float(json.loads(printed)["seconds"])
    steps["packed_read"] = Usage(seconds, usage.cpu_seconds, usage.peak_mb)
    forget_run(settings)
    run_materializer(settings, settings.materialize)
    return steps


def run_materializer(settings: Settings, command: tuple[str, ...]) -> Usage:
    """Run a materializer on the data root."""
    return run_process(command, settings.work, job_environment(settings))[0]


def forget_run(settings: Settings) -> None:
    """Remove what the materializer wrote; the build stays."""
    for name in WRITTEN:
        path = settings.root / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def measure_size(settings: Settings, rows: int) -> Measured:
    """Time every step on a new data root of so many rows, and remove it."""
    text_bytes = ("--text-bytes", settings.text_bytes)
    without_files = ("--without-files", settings.without_files)
    with clean_folder(settings.work):
        documents = make_rows(settings, rows, *text_bytes, *without_files)
        set_up(settings)
        steps = measure_scripts(settings, documents)
        steps |= run_job(settings, FIRST)
        check_count(settings.root, documents, "the first run")
        steps |= measure_minimal(settings)
        if settings.is_packed:
            steps |= measure_packed(settings, documents)
        steps |= run_job(settings, RERUN)
        check_count(settings.root, documents, "the rerun")
        appended = make_rows(settings, settings.append, "--append")
        steps |= run_job(settings, APPEND)
        check_count(settings.root, documents + appended, "the run after appending")
    return Measured(rows, documents, steps)


def packed_empty(empty: Measured) -> Measured:
    """Return the steps on an empty data root, where the layout makes no difference."""
    step = {PACK[0]: empty.steps[MATERIALIZE[0]]}
    return Measured(empty.rows, empty.documents, empty.steps | step)


def measure_empty(settings: Settings) -> Measured:
    """Time the scripts, the job and its rerun on a data root of headers only."""
    with clean_folder(settings.work):
        make_rows(settings, 0)
        set_up(settings)
        steps = measure_scripts(settings, 0)
        steps |= run_job(settings, FIRST) | run_job(settings, RERUN)
    return Measured(0, 0, steps)


@contextmanager
def clean_folder(folder: Path) -> Iterator[None]:
    """Empty `folder` afterwards, so that runs do not add up in memory."""
    try:
        yield
    finally:
        shutil.rmtree(folder)
        folder.mkdir()


def best_of(runs: list[Measured]) -> Measured:
    """Take each step from the run in which it was fastest."""
    steps = {
        name: min((run.steps[name] for run in runs), key=lambda usage: usage.seconds)
        for name in runs[0].steps
    }
    return Measured(runs[0].rows, runs[0].documents, steps)


def measure_all(settings: Settings, sizes: list[int], repeat: int) -> list[Measured]:
    """Measure the empty root, then each size; say so if others use the machine."""
    load = os.getloadavg()[0]
    if load > BUSY_LOAD:
        typer.echo(f"load is {load:.1f}: steps on two cores will look slow", err=True)
    typer.echo("measuring an empty data root", err=True)
    runs = [best_of([measure_empty(settings) for _ in range(repeat)])]
    for rows in sizes:
        typer.echo(f"measuring {rows} rows", err=True)
        runs.append(best_of([measure_size(settings, rows) for _ in range(repeat)]))
    return runs


# Comparing


def ratios_at(empty: Measured, size: Measured) -> Ratios:
    """Compare the runs on one data root."""
    plain = size.seconds(PLAIN)
    materialize = size.seconds(MATERIALIZE)
    rerun = size.seconds(RERUN)
    first_rows = size.seconds(FIRST) - empty.seconds(FIRST)
    ratios = {
        "total_over_plain": size.seconds(FIRST) / plain,
        "total_over_lean": size.seconds(FIRST) / size.seconds(LEAN),
        "cpu_over_plain": size.cpu_seconds(FIRST) / size.cpu_seconds(PLAIN),
        "empty_over_plain": empty.seconds(FIRST) / plain,
        "materialize_over_plain": materialize / plain,
        "materialize_over_minimal": materialize / size.seconds(MINIMAL),
        "rerun_over_first": (rerun - empty.seconds(RERUN)) / first_rows,
        "append_over_rerun": size.seconds(APPEND) / rerun,
        "memory_over_plain": size.peak_mb(FIRST) / size.peak_mb(PLAIN),
    }
    if PACK[0] not in size.steps:
        return ratios
    packed_rows = size.seconds(PACKED) - empty.seconds(FIRST)
    return ratios | {
        "packed_over_plain": size.seconds(PACKED) / plain,
        "packed_over_lean": size.seconds(PACKED) / size.seconds(LEAN),
        "packed_over_directories": packed_rows / first_rows,
        "packed_materialize": size.seconds(PACK) / materialize,
    }


def ratios_between(small: Measured, large: Measured) -> Ratios:
    """Compare the smallest data root with the largest."""

    def extra(steps: tuple[str, ...]) -> float:
        return large.seconds(steps) - small.seconds(steps)

    ratios = {
        "marginal_over_plain": extra(FIRST) / extra(PLAIN),
        "marginal_over_lean": extra(FIRST) / extra(LEAN),
        "marginal_materialize_over_minimal": extra(MATERIALIZE) / extra(MINIMAL),
        "growth": large.seconds(FIRST) / small.seconds(FIRST),
        "growth_of_plain": large.seconds(PLAIN) / small.seconds(PLAIN),
        "growth_of_documents": large.documents / small.documents,
        "growth_of_memory": large.peak_mb(FIRST) / small.peak_mb(FIRST),
    }
    if PACK[0] not in large.steps:
        return ratios
    return ratios | {
        "marginal_packed_over_plain": extra(PACKED) / extra(PLAIN),
        "marginal_packed_over_lean": extra(PACKED) / extra(LEAN),
        "marginal_packed_over_directories": extra(PACKED) / extra(FIRST),
        "marginal_packed_materialize": extra(PACK) / extra(MATERIALIZE),
    }


def break_even(
    runs: Sequence[Measured], script: tuple[str, ...], job: tuple[str, ...] = FIRST
) -> float | None:
    """Return the rows from which on the job is faster than a script, None without.

    Between two sizes, and beyond the largest, times are taken to lie on a line.
    """
    leads = [(run.rows, run.seconds(job) - run.seconds(script)) for run in runs]
    if leads[-1][1] < 0:
        behind = [number for number, (_, lead) in enumerate(leads) if lead >= 0]
        if not behind:
            return 0.0
        (rows, lead), (next_rows, next_lead) = leads[behind[-1] :][:2]
    else:
        (rows, lead), (next_rows, next_lead) = leads[-2:]
    if next_lead >= lead:
        return None
    return rows + lead * (next_rows - rows) / (lead - next_lead)


def print_table(title: str, heads: list[str], lines: Mapping[str, list[str]]) -> None:
    """Print a table with a column for each data root."""
    for name, cells in {title: heads, **lines}.items():
        typer.echo(f"{name:<34}" + "".join(f"{cell:>16}" for cell in cells))
    typer.echo()


def print_report(
    runs: list[Measured],
    by_size: Mapping[str, Ratios],
    between: Ratios,
    ahead_from: Mapping[str, float | None],
) -> None:
    """Print seconds, peak memory, the ratios, and from how many rows the job leads."""
    heads = [f"{run.rows} rows" for run in runs]
    for title, unit in (("seconds", "seconds"), ("peak MB", "peak_mb")):
        lines = {
            name: [
                f"{getattr(run.steps[name], unit):.2f}" if name in run.steps else ""
                for run in runs
            ]
            for name in runs[-1].steps
        }
        print_table(title, heads, lines)
    columns = list(by_size.values())
    lines = {name: [f"{at[name]:.3f}" for at in columns] for name in columns[0]}
    print_table("ratios", heads[1:], lines)
    if between:
        title = f"from {heads[1]} to {heads[-1]}"
        print_table(title, [], {name: [f"{between[name]:.3f}"] for name in between})
    lines = {
        f"the script: {name}": ["never" if rows is None else f"{rows:,.0f} rows"]
        for name, rows in ahead_from.items()
    }
    print_table("the job is faster from", [], lines)


# The command


def parse_sizes(text: str) -> list[int]:
    """Read `10000,100000`; return the sizes in ascending order, each once."""
    try:
        sizes = sorted({int(word) for word in text.split(",")})
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: write sizes as 10000,100000") from error
    if sizes[0] < 1:
        raise typer.BadParameter(f"{text!r}: a size is at least 1")
    return sizes


def compare_stores(
    measure: Callable[[Path, int], Usage], sizes: Sequence[int], folder: Path | None
) -> None:
    """Measure stores of so many evaluations in a temporary folder, and print the table.

    `folder` is where to work, in memory if it is None.
    """
    leave_on_signals()
    where = folder or (MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None)
    with tempfile.TemporaryDirectory(prefix="docs-index-bench-", dir=where) as work:
        try:
            used = [measure(Path(work), size) for size in sizes]
        except BenchError as error:
            typer.echo(f"bench: {error}", err=True)
            raise typer.Exit(1) from error
    rows = {
        "seconds": [f"{usage.seconds:.2f}" for usage in used],
        "CPU seconds": [f"{usage.cpu_seconds:.2f}" for usage in used],
        "peak MB": [f"{usage.peak_mb:.0f}" for usage in used],
    }
    print_table("evaluations in the store", [str(size) for size in sizes], rows)
    growth = used[-1].seconds / used[0].seconds
    typer.echo(f"{sizes[-1] / sizes[0]:g} times the store, {growth:.2f} times the time")


def leave_on_signals() -> None:
    """Make SIGTERM and SIGHUP an exception, so that the folder is removed."""

    def leave(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def main(
    sizes: Annotated[
        str, typer.Option(help="Rows of the data roots, with commas.")
    ] = "10000,100000",
    folder: Annotated[
        Path | None, typer.Option(help="Where to work; in memory if not given.")
    ] = None,
    append: Annotated[
        int, typer.Option(min=1, help="Rows appended at the end.")
    ] = 1000,
    repeat: Annotated[int, typer.Option(min=1, help="Best of so many runs.")] = 1,
    text_bytes: Annotated[int, typer.Option(min=1, help="Mean response size.")] = 3000,
    packed: Annotated[
        bool, typer.Option(help="Time the job with a packed layout too.")
    ] = True,
    without_files: Annotated[
        float, typer.Option(min=0, max=0.99, help="Share of rows without their file.")
    ] = 0.0,
    build_command: Annotated[
        str, typer.Option(help="The first half of the job.")
    ] = "dbt build",
    materialize_command: Annotated[
        str, typer.Option(help="The second half of the job.")
    ] = "python scripts/materialize_docs.py",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write all numbers there.")
    ] = None,
) -> None:
    """Time the job, two scripts and the minimal writer; print seconds and ratios.

    Example: python bench/run.py --sizes 10000,100000 --json bench.json
    """
    rows = parse_sizes(sizes)
    build = tuple(shlex.split(build_command))
    materialize = tuple(shlex.split(materialize_command))
    where = folder or (MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None)
    leave_on_signals()
    with tempfile.TemporaryDirectory(prefix="docs-index-bench-", dir=where) as name:
        work = Path(name).resolve() / "work"
        work.mkdir()
        settings = Settings(
            work, build, materialize, append, text_bytes, without_files, packed
        )
        try:
            empty, *runs = measure_all(settings, rows, repeat)
        except BenchError as error:
            typer.echo(f"bench: {error}", err=True)
            raise typer.Exit(1) from error
    by_size = {str(run.rows): ratios_at(empty, run) for run in runs}
    between = ratios_between(runs[0], runs[-1]) if len(runs) > 1 else {}
    ahead_from = {name: break_even([empty, *runs], (name,)) for name in SCRIPTS}
    if packed:
        ahead_from |= {
            f"{name}, packed": break_even([packed_empty(empty), *runs], (name,), PACKED)
            for name in SCRIPTS
        }
    print_report([empty, *runs], by_size, between, ahead_from)
    if json_file:
        ratios = {"by_size": by_size, "between": between, "break_even": ahead_from}
        report = {"runs": [asdict(run) for run in (empty, *runs)], "ratios": ratios}
        json_file.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    typer.run(main)
