"""Build a cohort: dbt computes the membership, then its files are written.

dbt works on a separate database outside of the data root, so that a dry run writes
nothing there, and the documents' build does not change.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from docs_index.cohorts.place import Summary, place_cohort, refuse_faults
from docs_index.disk.lock import take_lock
from docs_index.errors import BuildError
from docs_index.layout import Layout
from docs_index.paths import is_file, is_there
from docs_index.resources import PROJECT

_PARSED = "partial_parse.msgpack"


def build_cohort(
    layout: Layout, cohort_id: str, *, dry_run: bool, prefers_done: bool = False
) -> Summary:
    """Compute a cohort's membership with dbt; unless `dry_run`, write its files.

    With `prefers_done`, others' evaluations that are finished are taken in first.

    Raises:
        CohortError: the inputs have faults; nothing was written.
        BuildError: dbt failed; nothing was written.
        LockedError: another run is active.
        OSError: writing failed; no file is incomplete, and building again completes the
            work.
    """
    if not dry_run and is_there(layout.lock):  # otherwise after dbt found no faults
        take_lock(layout.lock)
    scratch = _scratch(layout)
    take_lock(scratch / ".lock")
    database = scratch / "build.duckdb"
    database.unlink(missing_ok=True)
    failure = _run_dbt(layout, cohort_id, scratch, prefers_done=prefers_done)
    if is_file(database):
        refuse_faults(database, cohort_id)
    if failure:
        raise BuildError(f"dbt could not build cohort {cohort_id}: {failure}")
    if not dry_run:
        take_lock(layout.lock)
    return place_cohort(layout, cohort_id, database, dry_run=dry_run)


def _scratch(layout: Layout) -> Path:
    """Return dbt's folder for the cohorts of a data root.

    It is kept between builds, so that dbt uses its parsed project again. If the main
    target path has a parsed project, that is copied.
    """
    target = Path(os.environ.get("DBT_TARGET_PATH") or PROJECT / "target").resolve()
    name = hashlib.sha256(str(layout.root).encode()).hexdigest()[:12]
    scratch = target / "cohorts" / name
    known, parsed = target / _PARSED, scratch / "target" / _PARSED
    if is_there(known) and not is_there(parsed):
        parsed.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(known, parsed)
    return scratch


def _run_dbt(
    layout: Layout, cohort_id: str, scratch: Path, *, prefers_done: bool
) -> str | None:
    """Build the cohort's models; return what went wrong, None if all went well."""
    results = scratch / "target" / "run_results.json"
    results.unlink(missing_ok=True)
    command = [
        str(Path(sys.executable).with_name("dbt")), "--quiet", "build",
        "--selector", "cohort", "--exclude-resource-type", "unit_test",
        "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
    ]  # fmt: skip
    changes = {
        "DATA_ROOT": str(layout.root),
        "DD_COHORT": cohort_id,
        "DD_PREFER_DONE": "true" if prefers_done else "false",
        "DOCS_INDEX_SCRATCH": str(scratch),
        "DBT_TARGET_PATH": str(scratch / "target"),
        "DBT_LOG_PATH": str(scratch / "logs"),
    }
    process = subprocess.run(
        command,
        cwd=PROJECT,
        env=os.environ | changes,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if process.returncode == 0:
        return None
    return _failures(results) or (process.stdout + process.stderr)[-2000:].strip()


def _failures(results: Path) -> str:
    """Return the messages of the failed nodes, without dbt's own first lines."""
    if not is_file(results):
        return ""
    messages = []
    for result in json.loads(results.read_text(encoding="utf-8"))["results"]:
        if result["status"] in ("error", "fail"):
            first, _, rest = (result["message"] or "").partition("\n")
            message = rest if first.startswith("Runtime Error") else f"{first}\n{rest}"
            name = result["unique_id"].split(".")[2]
            is_own = first.startswith("Runtime Error in model")
            lines = [line.strip() for line in message.strip().splitlines()]
            messages.append(
                "\n".join(lines) if is_own else f"{name}: {' '.join(lines)}"
            )
    return "\n".join(messages)
