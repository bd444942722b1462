"""Build a data root on an engine as `docs-index run` does, and compare with DuckDB.

Each build is a process of its own. The name of a build is fixed, so that dbt parses the
project once. The reference is what the harness leaves: the statements of dbt on DuckDB.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest
from harness import DATABASE, MAX_RESPONSE_BYTES, REPOSITORY, Models

from docs_index.engines.builds import EngineBuild
from docs_index.layout import open_layout
from docs_index.quoting import literal
from docs_index.warehouse.dbt_run import BUILD
from docs_index.warehouse.stand_ins import attach_run, attach_stored

HAS_ENGINES = find_spec("pysail") is not None
needs_engines = pytest.mark.skipif(
    not HAS_ENGINES, reason="the engines are not installed: make engines"
)
needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java")

COMPARED = (
    "int_responses__read",
    "int_repairs__judged",
    "int_rows__repaired",
    "int_rows__resolved",
    "documents",
    "document_files",
    "document_links",
    "bad_generations",
    "link_candidates",
    "backfill_counters",
)
UNEQUAL = {"signature"}  # it has the time of the status, and a copy has another one
NAME = "build_of_tests"
SAID = "said.txt"
TIMEOUT_S = 900


@dataclass(frozen=True)
class Outcome:
    """How a build ended, and what dbt and the engine said."""

    code: int
    said: str


@dataclass(frozen=True)
class Engines:
    """Builds on engines; `folder` is dbt's, for all of them."""

    folder: Path

    def build(self, engine: str, root: Path, **options: Any) -> Outcome:
        """Build a data root on an engine as `started` does, to its end."""
        process = self.started(engine, root, **options)
        try:
            process.wait(TIMEOUT_S)
        finally:
            process.kill()
        said = (self.folder / SAID).read_text("utf-8", errors="replace")
        if (self.folder / "refusal.json").exists():
            said += (self.folder / "refusal.json").read_text("utf-8")
        return Outcome(process.returncode, said)

    def started(
        self,
        engine: str,
        root: Path,
        run_id: str = "backfill",
        name: str = NAME,
        module: str = "docs_index.engines.building",
        **variables: Any,
    ) -> subprocess.Popen[bytes]:
        """Start a build, which writes what it says into a file."""
        asked = self.folder / "asked.json"
        question = {
            "data_root": str(root),
            "engine": engine,
            "variables": variables,
            "command": BUILD,
            "name": name,
        }
        asked.write_text(json.dumps(question), encoding="utf-8")
        environment = os.environ | {
            "RUN_ID": run_id,
            "DATA_ROOT": str(root),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DOCS_INDEX_REFUSAL": str(self.folder / "refusal.json"),
            "PYTHONPATH": os.pathsep.join(
                [str(REPOSITORY / "src"), str(REPOSITORY / "tests/engines")]
            ),
        }
        (self.folder / "refusal.json").unlink(missing_ok=True)
        with (self.folder / SAID).open("wb") as said:
            return subprocess.Popen(
                [sys.executable, "-m", module, str(asked)],
                cwd=REPOSITORY,
                env=environment,
                stdout=said,
                stderr=subprocess.STDOUT,
            )


def reference(models: Models, root: Path, folder: Path, **settings: Any) -> Path:
    """Build a data root on DuckDB; return the database, which is not in the root."""
    models.write_build(root, **settings)
    database = folder / "reference.duckdb"
    database.unlink(missing_ok=True)
    shutil.move(open_layout(root).build, database)
    return database


def differences(database: Path, build: EngineBuild) -> dict[str, Any]:
    """Return by table the rows that only DuckDB or only the engine has; {} if equal."""
    found: dict[str, Any] = {}
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"attach {literal(str(database))} as {DATABASE} (read_only)")
        attach_stored(connection)
        attach_run(connection)
        connection.execute(f"use {DATABASE}")
        for table in COMPARED:
            mine = connection.sql(f"from main.{table}")
            names = [name for name in mine.columns if name not in UNEQUAL]
            columns = ", ".join(f'cast("{n}" as varchar) as "{n}"' for n in names)
            left = f"select {columns} from main.{table}"
            rows = build.query(table)
            right = f"select {columns} from {rows}" if rows else f"{left} where false"
            only_duckdb = connection.sql(f"{left} except all {right}").fetchall()
            only_engine = connection.sql(f"{right} except all {left}").fetchall()
            if only_duckdb or only_engine:
                found[table] = (only_duckdb[:3], only_engine[:3])
    return found


def build_in(root: Path, name: str = NAME) -> EngineBuild:
    """Return the build of an engine in a data root."""
    return EngineBuild(open_layout(root).engine_builds / name)


def check_equal(
    engines: Engines,
    models: Models,
    engine: str,
    root: Path,
    folder: Path,
    run_id: str = "backfill",
    evaluation_root: str = "3_generation",
    max_response_bytes: int = MAX_RESPONSE_BYTES,
) -> None:
    """Build a data root on DuckDB and on an engine: all relations are equal."""
    settings: dict[str, Any] = {}
    if evaluation_root != "3_generation":
        settings["evaluation_root"] = evaluation_root
    if max_response_bytes != MAX_RESPONSE_BYTES:
        settings["max_response_bytes"] = max_response_bytes
    database = reference(models, root, folder, run_id=run_id, **settings)
    outcome = engines.build(engine, root, run_id=run_id, **settings)
    assert outcome.code == 0, outcome.said[-5000:]
    assert differences(database, build_in(root)) == {}
