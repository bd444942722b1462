"""Run dbt for a script: on a database of its own, outside of the data root.

So nothing is written below the data root, and the documents' build does not change.
Writes dbt's own files only.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from docs_index.layout import Layout
from docs_index.paths import is_file, is_there
from docs_index.resources import PROJECT

_PARSED = "partial_parse.msgpack"


def dbt_folder(layout: Layout, kind: str) -> Path:
    """Return dbt's folder for one kind of work on a data root, such as `cohorts`.

    It is kept between runs, so that dbt uses its parsed project again. If the main
    target path has a parsed project, that is copied.
    """
    target = Path(os.environ.get("DBT_TARGET_PATH") or PROJECT / "target").resolve()
    name = hashlib.sha256(str(layout.root).encode()).hexdigest()[:12]
    folder = target / kind / name
    known, parsed = target / _PARSED, folder / "target" / _PARSED
    if is_there(known) and not is_there(parsed):
        parsed.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(known, parsed)
    return folder


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
    command = [
        str(Path(sys.executable).with_name("dbt")), "--quiet", "build",
        "--selector", selector, "--exclude-resource-type", "unit_test",
        "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
    ]  # fmt: skip
    changes = {
        "DATA_ROOT": str(layout.root),
        "DOCS_INDEX_SCRATCH": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    process = subprocess.run(
        command,
        cwd=PROJECT,
        env={**os.environ, **changes, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        pass_fds=inherited,
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
