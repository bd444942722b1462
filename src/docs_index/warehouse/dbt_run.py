"""Run dbt as a process of its own, and say what it did in a line or what went wrong.

Owns where dbt keeps its files for each data root. `build_documents` builds what
`dbt build` does; `build_models` works on a database of its own outside of the data
root, so that nothing is written there. Writes dbt's own files only.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docs_index.disk.scratch import scratch_folder
from docs_index.errors import BuildError, DocsIndexError, StorageError, told
from docs_index.layout import SCRATCH, Layout
from docs_index.paths import is_file, is_there
from docs_index.progress import Progress
from docs_index.resources import IS_INSTALLED, PROJECT
from docs_index.warehouse.faults import OF_MACHINE
from docs_index.warehouse.refusals import REFUSAL, read_refusal

ENGINE_BUILD = "DOCS_INDEX_ENGINE_BUILD"
"""The environment variable with the name of the engine build that dbt goes on from."""
_PARSED = "partial_parse.msgpack"
BUILD = ("build", "--exclude-resource-type", "unit_test")
"""The command of dbt that builds, without unit tests."""
_OF_SYSTEM = re.compile(r".*\[Errno \d+\].*")  # as Python shows an error of the system
_OF_MACHINE = re.compile(
    rf"\b(IO|Out of Memory) Error\b|{_OF_SYSTEM.pattern}|{re.escape(OF_MACHINE)}"
)
_OF_DUCKDB = "Possible solutions:"
_MORE_MEMORY = (
    "the build needs more memory than DOCS_INDEX_MEMORY allows (1GB if it is not set): "
    "set it to 2GB, for example, then run again"
)
# What the default selector leaves out; dbt takes a selector or `--exclude`.
_BESIDE = [
    f"path:{folder}/{what}"
    for folder in ("models", "seeds", "tests/dbt")
    for what in ("cohorts", "scores")
]
_LONGEST = 2000  # characters of an output of dbt that an error shows


@dataclass(frozen=True)
class Built:
    """What a build did: models with their seeds, the tests that passed, its log."""

    models: int
    tests: int
    seconds: float
    log: str


def dbt_folder(layout: Layout, kind: str) -> Path:
    """Return dbt's folder for one kind of work on a data root, such as `cohorts`.

    It is kept between runs, so that dbt uses its parsed project again. If the main
    target path has a parsed project, that is copied.

    Raises:
        StorageError: it cannot be written to; dbt itself would end without a word.
    """
    target = main_target()
    name = hashlib.sha256(str(layout.root).encode()).hexdigest()[:12]
    folder = target / kind / name
    known, parsed = target / _PARSED, folder / "target" / _PARSED
    log = _log_in(folder)
    try:
        for path in (parsed, log):
            path.parent.mkdir(parents=True, exist_ok=True)
        log.open("ab").close()
        if is_there(known) and not is_there(parsed):
            shutil.copyfile(known, parsed)
    except OSError as error:
        raise StorageError(
            f"{told(error)}; dbt needs a folder to write to: mend that, or set "
            "DBT_TARGET_PATH to another"
        ) from error
    return folder


def _log_in(folder: Path) -> Path:
    return folder / "logs" / "dbt.log"


def main_target() -> Path:
    """Return dbt's target path: the project's, or of an installed package the cache.

    Raises:
        StorageError: the cache is in the home folder, and there is none.
    """
    named = os.environ.get("DBT_TARGET_PATH")
    if named:
        return Path(named).resolve()
    if not IS_INSTALLED:
        return PROJECT / "target"
    try:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError as error:  # as in a container with a user of its own
        raise StorageError(
            "there is no home folder: set DBT_TARGET_PATH to a folder for the files of "
            "dbt"
        ) from error
    return Path(cache).resolve() / "docs-index" / version("docs-index")


def build_models(
    layout: Layout,
    selector: str,
    folder: Path,
    environment: Mapping[str, str],
    inherited: Sequence[int] = (),
) -> str | None:
    """Build a selector's models in `build.duckdb` of a folder of `dbt_folder`.

    The last database is removed first. dbt inherits the descriptors `inherited`.
    Returns what went wrong, None if all went well.
    """
    (folder / "build.duckdb").unlink(missing_ok=True)
    results = folder / "target" / "run_results.json"
    results.unlink(missing_ok=True)
    process = subprocess.run(
        [*_dbt("--quiet"), "--selector", selector],
        cwd=PROJECT,
        env=_environment(layout, folder) | {SCRATCH: str(folder), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        pass_fds=inherited,
    )
    if process.returncode == 0:
        return None
    said = (process.stdout + process.stderr)[-_LONGEST:].strip()
    return "\n".join(failures_of(results)) or said


def build_documents(
    layout: Layout,
    variables: Mapping[str, Any],
    run_id: str | None,
    progress: Progress,
    selector: str | None = None,
    excluded: Sequence[str] = (),
    engine_build: str = "",
) -> Built:
    """Build the documents of a data root, in its `db/` or in the layout's `scratch`.

    `progress` is called with how many nodes are done and how many there are. A
    `selector` builds a part of the models. The models `excluded` are there already, by
    the engine's build `engine_build`, or not needed; tests that read one of them are
    left out.

    Raises:
        BuildError: dbt refused the input, or a model or test failed.
        LockedError: another process works on the data root.
        StorageError: reading or writing failed.
    """
    folder = dbt_folder(layout, "plans" if layout.scratch else "runs")
    command = _dbt("--log-format", "json")
    if selector:
        command += ["--selector", selector]
    if excluded:
        # A test that reads one of them is left out: dbt's selection is `eager`.
        command += ["--exclude", *_BESIDE, *excluded]
    if variables:
        command += ["--vars", json.dumps(variables)]
    return followed_build(layout, folder, command, run_id, progress, engine_build)


def followed_build(
    layout: Layout,
    folder: Path,
    command: Sequence[str],
    run_id: str | None,
    progress: Progress,
    engine_build: str = "",
) -> Built:
    """Run a process that builds with dbt and prints its log as JSON.

    Raises:
        DocsIndexError: as `build_documents`.
    """
    results = folder / "target" / "run_results.json"
    results.unlink(missing_ok=True)
    log = _log_in(folder)
    environment = _environment(layout, folder) | {ENGINE_BUILD: engine_build}
    environment.pop(SCRATCH, None)
    if layout.scratch:
        environment[SCRATCH] = str(layout.scratch)
    if run_id:
        environment["RUN_ID"] = run_id
    with scratch_folder(layout.root) as scratch:
        refusal = scratch / "refusal.json"
        environment[REFUSAL] = str(refusal)
        said = _follow(command, environment, progress)
        if said is None:
            return _built(results, log)
        raise read_refusal(refusal) or _failure(results, said, log)


def _dbt(*options: str) -> list[str]:
    places = ("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT))
    quiet = ("-W", "ignore::RuntimeWarning:runpy")  # dbt imports its main module twice
    return [sys.executable, *quiet, "-m", "dbt.cli.main", *options, *BUILD, *places]


def _environment(layout: Layout, folder: Path) -> dict[str, str]:
    """Return the environment of dbt, without the user's variables for other projects.

    One such as DBT_TARGET or DBT_WRITE_JSON would change or prevent the build.
    """
    kept = {name: value for name, value in os.environ.items() if name[:4] != "DBT_"}
    changes = {
        "DBT_USE_COLORS": "false",
        "DATA_ROOT": str(layout.root),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(_log_in(folder).parent),
    }
    if modules := kept.get("PYTHONPATH"):  # dbt works in another folder
        changes["PYTHONPATH"] = os.pathsep.join(
            os.path.abspath(path) for path in modules.split(os.pathsep)
        )
    return {**kept, **changes}


def _follow(
    command: Sequence[str], environment: Mapping[str, str], progress: Progress
) -> str | None:
    """Run dbt to its end; return what it said if it failed, else None.

    It is the first error of the system, which pages of others may follow, else the end.
    """
    said: list[str] = []
    of_system = ""
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                info, data = _event(line)
                if str(info.get("name")).endswith("Result"):
                    # A test's event has the number of all nodes by another name.
                    total = data.get("total") or data.get("num_models") or 0
                    progress(data["index"], total)
                message = info.get("msg", line).strip()
                said = [*said[-50:], f"{message}\n"] if message else said
                if not of_system and (found := _OF_SYSTEM.search(message)):
                    of_system = found.group()
        except BaseException:
            process.terminate()
            raise
    if process.returncode == 0:
        return None
    return of_system or "".join(said)[-_LONGEST:].strip()


def _event(line: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an event of dbt's log and its data, empty where a line is not one."""
    try:
        event = json.loads(line)
        return event["info"], event["data"]
    except (ValueError, KeyError, TypeError):
        return {}, {}


def _built(results: Path, log: Path) -> Built:
    try:
        record = json.loads(results.read_text(encoding="utf-8"))
    except ValueError as error:  # another build of this data root writes it
        raise StorageError(f"{results} is not whole; run again to complete") from error
    kinds = [row["unique_id"].split(".")[0] for row in record["results"]]
    return Built(
        models=sum(kind in ("model", "seed") for kind in kinds),
        tests=kinds.count("test"),
        seconds=record["elapsed_time"],
        log=str(log),
    )


def _failure(results: Path, said: str, log: Path) -> DocsIndexError:
    message = "\n".join(failures_of(results)) or said
    kind = StorageError if _OF_MACHINE.search(message) else BuildError
    written = f"\nlog: {log}" if log.stat().st_size else ""  # dbt may not have started
    return kind(f"the build failed, and nothing was ingested:\n{message}{written}")


def failures_of(results: Path) -> Iterator[str]:
    """Yield the messages of the failed nodes, without dbt's own first lines."""
    if not is_file(results):
        return
    try:
        record = json.loads(results.read_text(encoding="utf-8"))
    except ValueError:  # the disk became full
        return
    for result in record["results"]:
        if result["status"] in ("error", "fail"):
            first, _, rest = (result["message"] or "").partition("\n")
            message = rest if first.startswith("Runtime Error") else f"{first}\n{rest}"
            name = result["unique_id"].split(".")[2]
            is_own = first.startswith("Runtime Error in model")
            lines = [line.strip() for line in message.strip().splitlines()]
            if _OF_DUCKDB in lines:  # its advice is for who sets its settings
                lines = [*lines[: lines.index(_OF_DUCKDB)], _MORE_MEMORY]
            lines = list(filter(None, lines))
            yield "\n".join(lines) if is_own else f"{name}: {' '.join(lines)}"
