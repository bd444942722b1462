"""Run the cohort's models on many data roots, without dbt's start-up for each.

As in harness.py, whose dbt compiles them once: the SQL then runs in a fresh DuckDB in
memory, sources are read by the project's own code, and the one Python model is called.
Data tests run too.
"""

import importlib.util
import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cohort_roots import campaign_root
from harness import DATABASE, REPOSITORY, Row, invoke_dbt
from sharing import once, shared_folder

from docs_index.layout import open_layout
from docs_index.resources import sql
from docs_index.warehouse.cohort_inputs import CohortInputs


@dataclass(frozen=True)
class Built:
    """What the marts hold after a build, and the rows that data tests complain of."""

    members: list[Row]
    faults: list[Row]
    violations: dict[str, int]
    unreadable: int
    unfinished_for_finished: int


class CohortModels:
    """The compiled models of cohorts; `build` runs them on a data root."""

    def __init__(self, folder: Path) -> None:
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            work = partial(compile_cohort, folder)
            self._nodes = once(folder, "nodes", lambda: process.submit(work).result())

    def build(
        self,
        root: Path,
        cohort_id: str,
        database: Path | str = ":memory:",
        *,
        prefers_done: bool = False,
    ) -> Built:
        """Return what `dbt build --selector cohort` would make of a data root."""
        layout = open_layout(root)
        inputs = CohortInputs(layout, cohort_id, prefers_done=prefers_done)
        violations = {}
        with closing(duckdb.connect(config={"threads": 1})) as session:
            session.execute(f"attach '{database}' as {DATABASE}; use {DATABASE}")
            session.execute("create schema cohort_inputs")
            for node in self._nodes:
                if node["resource_type"] == "source":
                    meta = node["config"].get("meta", {})
                    relation = inputs.load(session, node["identifier"], meta)
                    relation.create(node["relation_name"])
                elif node["resource_type"] == "seed":
                    path = REPOSITORY / node["original_file_path"]
                    session.read_csv(str(path), header=True).create(node["name"])
                elif node["resource_type"] == "test":
                    found = session.execute(node["compiled_code"]).fetchall()
                    violations[node["name"]] = len(found)
                elif node["language"] == "python":
                    path = REPOSITORY / node["original_file_path"]
                    _python_model(path).model(_Dbt(session), session).create(
                        node["name"]
                    )
                else:
                    session.execute(
                        f"create table {node['name']} as {node['compiled_code']}"
                    )
            unreadable = session.execute(
                "select count(problem) from stg_cohorts__generations"
            ).fetchall()[0][0]
            [(overlooked,)] = session.execute(sql("cohorts/overlooked.sql")).fetchall()
            members = _rows(session.table("cohort_memberships").order("member_order"))
            faults = _rows(session.table("cohort_faults").order("fault_order"))
        return Built(members, faults, violations, unreadable, overlooked)


class _Dbt:
    """As much of dbt as the Python model asks for."""

    def __init__(self, session: duckdb.DuckDBPyConnection) -> None:
        self.ref = session.table


def _python_model(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rows(relation: duckdb.DuckDBPyRelation) -> list[Row]:
    found = relation.fetchall()
    return [dict(zip(relation.columns, row, strict=True)) for row in found]


def compile_cohort(folder: Path) -> list[Row]:
    """Return sources, seeds, models and tests, each after those that it depends on."""
    os.chdir(REPOSITORY)
    root = campaign_root(folder / "root")  # dbt loads sources to compile
    os.environ["DATA_ROOT"] = str(root)
    os.environ["DD_COHORT"] = "here"
    invoke_dbt(folder, {}, "compile", "--selector", "cohort")
    manifest = json.loads((folder / "target/manifest.json").read_text())
    found: dict[str, Row] = manifest["sources"] | manifest["nodes"]
    goals = [
        key
        for key, node in found.items()
        if "cohorts" in node["fqn"] and node["resource_type"] in ("model", "test")
    ]
    behind: dict[str, list[str]] = {}
    while goals:
        key = goals.pop()
        behind[key] = found[key].get("depends_on", {}).get("nodes", [])
        goals += behind[key]
    return [found[key] for key in TopologicalSorter(behind).static_order()]


@pytest.fixture(scope="session")
def cohort_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CohortModels]:
    """The cohort's models, compiled once."""
    folder = shared_folder(tmp_path_factory) / "compiled_cohort"
    folder.mkdir(exist_ok=True)
    yield CohortModels(folder)
