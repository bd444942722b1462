"""Run the project's models on many data roots, without dbt's start-up for each.

dbt compiles the project once per run_id and evaluation_root, in a process of its own.
For each data root the compiled SQL then runs in a fresh DuckDB in memory, in the order
of the graph: what dbt would do, but for data tests, contracts and the build record.
Sources and response files are read by the project's own code.
"""

import hashlib
import io
import json
import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from functools import lru_cache, partial
from graphlib import TopologicalSorter
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
from sharing import once

from docs_index.layout import open_layout
from docs_index.warehouse.response_facts import read_responses
from docs_index.warehouse.sources import Sources

REPOSITORY = Path(__file__).resolve().parent.parent
MAX_RESPONSE_BYTES = 64 * 2**20
DATABASE = "build"
READ = "int_responses__read"  # the model that is Python
GUARDS = {  # the models that refuse something before they are made, and how
    "int_attempts__templated": "{{ refuse_unknown_parsers() }}",
    "int_rows__repaired": "{{ refuse_repairs('int_repairs__judged') }}",
    "int_rows__resolved": "{{ refuse_repairs('int_repairs__refused') }}",
}
WANTED = ("documents", "document_files", "bad_generations", "backfill_counters")

Row = dict[str, Any]


@dataclass(frozen=True)
class Node:
    """A source, a seed or a model of the compiled project."""

    name: str
    relation: str
    kind: str
    sql: str
    file: str
    meta: Row
    parents: tuple[str, ...]


@dataclass(frozen=True)
class Built:
    """What the marts hold after a build: `documents` as they go into the index."""

    documents: list[Row]
    files: list[Row]
    bad: list[Row]
    counters: dict[str, int]
    parser_sql: str


class Models:
    """The compiled project; `build` runs it on a data root."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder  # which the processes of a test session share
        table = folder / "root/7_cross_experiment/draft_generation_results.csv"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text("draft_task_id\n")
        self._dbt = ProcessPoolExecutor(1, get_context("spawn"))
        self._compiled = lru_cache(self._compile)
        self._compiled("backfill", "3_generation")  # fails here rather than in a test

    def close(self) -> None:
        """End the process that compiles."""
        self._dbt.shutdown()

    def build(
        self,
        root: Path,
        run_id: str = "backfill",
        evaluation_root: str = "3_generation",
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        threads: int = 1,
        keeps_order: bool = True,
    ) -> Built:
        """Return what `dbt build` would make of a data root, which is only read.

        Raises:
            DocsIndexError, duckdb.Error: dbt would stop with that error.
        """
        sources = Sources(open_layout(root))
        nodes = self._compiled(run_id, evaluation_root)
        with closing(duckdb.connect(config={"threads": threads})) as session:
            session.execute(f"set preserve_insertion_order = {keeps_order}")
            session.execute(f"attach ':memory:' as {DATABASE}; use {DATABASE}")
            for node in nodes:
                _run(session, node, sources, max_response_bytes)
            return Built(
                documents=_rows(session, "documents", "* exclude (write_order)"),
                files=_rows(session, "document_files"),
                bad=_rows(session, "bad_generations"),
                counters=dict(session.table("backfill_counters").fetchall()),
                parser_sql=session.table("parser_sql").fetchall()[0][0],
            )

    def analyses(self) -> dict[str, str]:
        """Return the compiled analyses by file name."""
        settings = {"run_id": "backfill", "evaluation_root": "3_generation"}
        work = partial(compile_analyses, self._folder, settings)
        return once(self._folder, "analyses", lambda: self._dbt.submit(work).result())

    def _compile(self, run_id: str, evaluation_root: str) -> list[Node]:
        settings = {"run_id": run_id, "evaluation_root": evaluation_root}
        work = partial(compile_nodes, self._folder, settings)
        name = hashlib.sha256(repr(settings).encode()).hexdigest()
        return once(self._folder, name, lambda: self._dbt.submit(work).result())


def compile_nodes(folder: Path, settings: dict[str, str]) -> list[Node]:
    """Return the nodes behind the marts, each after those that it depends on."""
    os.chdir(REPOSITORY)
    os.environ["DATA_ROOT"] = str(folder / "root")
    guards = {
        name: _compile_with_dbt(folder, settings, "--inline", hook)[0]
        for name, hook in GUARDS.items()
    }
    goals = [f"+{name}" for name in WANTED]
    _compile_with_dbt(
        folder, settings, "--indirect-selection", "empty", "--select", *goals
    )
    manifest = json.loads((folder / "target/manifest.json").read_text())
    nodes = {
        key: _node(found, guards)
        for key, found in (manifest["sources"] | manifest["nodes"]).items()
        if found["resource_type"] in ("source", "seed", "model")
    }
    # A table of the index has the name of the mart that it is made of.
    marts = {key: node for key, node in nodes.items() if node.kind != "source"}
    pending = [key for key, node in marts.items() if node.name in WANTED]
    behind: dict[str, tuple[str, ...]] = {}
    while pending:
        key = pending.pop()
        behind[key] = nodes[key].parents
        pending += nodes[key].parents
    return [nodes[key] for key in TopologicalSorter(behind).static_order()]


def compile_analyses(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    """Return what `make sql` would put into the package, by file name."""
    os.chdir(REPOSITORY)
    os.environ["DATA_ROOT"] = str(folder / "root")
    _compile_with_dbt(folder, settings, "--select", "path:analyses")
    compiled = folder / "target/compiled/docs_index/analyses"
    return {path.name: path.read_text() for path in compiled.glob("*.sql")}


def _compile_with_dbt(folder: Path, settings: dict[str, str], *selection: str) -> Any:
    # Slow to import, and wanted in one process only.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    arguments = [
        "--quiet", "--log-path", str(folder / "logs"), "compile", "--threads", "1",
        "--project-dir", str(REPOSITORY), "--profiles-dir", str(REPOSITORY),
        "--target-path", str(folder / "target"), "--vars", json.dumps(settings),
        *selection,
    ]  # fmt: skip
    # While an earlier connection is open, parsing loads every source, cohorts' too.
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    with redirect_stdout(io.StringIO()):  # --inline prints what it compiled
        result = dbtRunner().invoke(arguments)
    if not result.success:
        raise RuntimeError(f"dbt compile failed: {result.exception}") from None
    return result.result


def _node(found: Row, guards: dict[str, Any]) -> Node:
    name = found["name"]
    hooks = [hook["sql"] for hook in found["config"].get("pre-hook", ())]
    if hooks != ([GUARDS[name]] if name in GUARDS else []):
        raise RuntimeError(f"the harness does not know the hooks of {name}")
    sql = f"create table {found['relation_name']} as {found.get('compiled_code') or ''}"
    if name in guards:
        sql = f"{guards[name].node.compiled_code};\n{sql}"
    return Node(
        name=name,
        relation=found["relation_name"],
        kind="read" if name == READ else found["resource_type"],
        sql=sql,
        file=str(REPOSITORY / found["original_file_path"]),
        meta=found["config"].get("meta", {}),
        parents=tuple(found.get("depends_on", {}).get("nodes", ())),
    )


def _run(
    session: duckdb.DuckDBPyConnection,
    node: Node,
    sources: Sources,
    max_response_bytes: int,
) -> None:
    if node.kind == "model":
        session.execute(node.sql)
    elif node.kind == "seed":
        session.read_csv(node.file, header=True, all_varchar=True).create(node.relation)
    elif node.kind == "source":
        session.execute(
            f"create schema if not exists {node.relation.rpartition('.')[0]}"
        )
        sources.load(session, node.meta).create(node.relation)
    else:
        read_responses(
            session,
            wanted="int_responses__wanted",
            known=None,
            data_root=str(sources.layout.root),
            max_bytes=max_response_bytes,
            parser_sql=session.table("parser_sql").fetchall()[0][0],
            processes=0,
        ).create(node.relation)


def _rows(
    session: duckdb.DuckDBPyConnection, table: str, columns: str = "*"
) -> list[Row]:
    relation = session.table(table).select(columns)
    return [
        dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()
    ]
