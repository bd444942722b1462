"""Run the project's models on many data roots, without dbt's start-up for each.

dbt builds an empty data root once a session, in a process of its own, with stand-ins
for the run_id and the evaluation_root. The statements that it executed then run on each
data root, in the order of the graph: in a fresh DuckDB in memory, or in a copy of what
dbt built, which then is what `dbt build` would leave, but for the tables of data tests.
Sources and response files are read by the project's own code.
"""

import io
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sharing import once, shared_folder

from docs_index.layout import open_layout
from docs_index.quoting import literal
from docs_index.warehouse.histories.tables import open_histories
from docs_index.warehouse.record_facts import parse_records
from docs_index.warehouse.response_facts import read_responses
from docs_index.warehouse.sources import Sources
from docs_index.warehouse.stand_ins import attach_run, attach_stored

REPOSITORY = Path(__file__).resolve().parent.parent
MAX_RESPONSE_BYTES = 64 * 2**20
DATABASE = "build"
READ = "int_responses__read"  # a model that is Python
PARSED_RECORDS = "int_records__parsed"  # another; no root of the harness has histories
INPUT_FILES = "input_files"  # the source that tells of the others
GUARDS = {  # the models that refuse something before they are made, and how
    "int_attempts__templated": "{{ refuse_unknown_parsers() }}",
    "int_rows__repaired": "{{ refuse_repairs('int_repairs__judged') }}",
    "int_table_rows__resolved": "{{ refuse_repairs('int_repairs__refused') }}",
    "parser_sql": "{{ refuse_own_parsers('int_parsers__judged') }}",
}
WANTED = ("documents", "document_files", "bad_generations", "backfill_counters")
# What the statements have in the place of a run_id and an evaluation_root.
RUN_ID, EVALUATION_ROOT = "@run_id@", "@evaluation_root@"
NEXT = "-- the next guard"
EXCLUDE = "--exclude-resource-type"
PARSED = REPOSITORY / "target" / "partial_parse.msgpack"  # by `make setup`
PARSED_WITH_VARS = REPOSITORY / "target" / "tests" / PARSED.name  # of the stand-ins

Row = dict[str, Any]


@dataclass(frozen=True)
class Node:
    """A source, a seed or a model of the compiled project."""

    name: str
    relation: str
    kind: str  # table, view, by_level, read, parsed, seed or source
    sql: str
    file: str
    meta: Row
    columns: str  # of a by_level model: its columns with their types
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
    """The compiled project; `build` and `write_build` run it on a data root."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder  # which the processes of a test session share
        self._dbt = ProcessPoolExecutor(1, get_context("spawn"))
        work = partial(compile_nodes, folder)
        self._nodes = once(folder, "nodes", lambda: self._dbt.submit(work).result())
        self._behind = _behind(self._nodes, WANTED)

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
        settings = {RUN_ID: run_id, EVALUATION_ROOT: evaluation_root}
        with _session(":memory:", threads) as session:
            session.execute(f"set preserve_insertion_order = {keeps_order}")
            sources = Sources(open_layout(root))
            for node in self._behind:
                _run(session, node, sources, settings, max_response_bytes)
            return Built(
                documents=_rows(session, "documents", "* exclude (write_order)"),
                files=_rows(session, "document_files"),
                bad=_rows(session, "bad_generations"),
                counters=dict(session.table("backfill_counters").fetchall()),
                parser_sql=session.table("parser_sql").fetchall()[0][0],
            )

    def write_build(
        self,
        root: Path,
        run_id: str = "backfill",
        evaluation_root: str = "3_generation",
        max_response_bytes: int = MAX_RESPONSE_BYTES,
    ) -> None:
        """Write the build of a data root, as `dbt build` would in a root without one.

        Raises:
            DocsIndexError, duckdb.Error: dbt would stop with that error.
        """
        settings = {RUN_ID: run_id, EVALUATION_ROOT: evaluation_root}
        layout = open_layout(root)
        layout.db.mkdir(exist_ok=True)
        empty = open_layout(self._folder / "root").build
        layout.lock.touch()
        shutil.copyfile(empty, layout.build)
        with _session(str(layout.build), threads=2) as session:
            sources = Sources(layout)
            for node in self._nodes:
                if node.kind != "seed":
                    kind = "view" if node.kind == "view" else "table"
                    session.execute(f"drop {kind} if exists {node.relation}")
                    _run(session, node, sources, settings, max_response_bytes)
            session.execute(
                "update build_record set status = 'complete', data_root = ?, "
                "run_id = ?, evaluation_root = ?, max_response_bytes = ?",
                [str(layout.root), run_id, evaluation_root, max_response_bytes],
            )

    def compiled(
        self, run_id: str = "backfill", evaluation_root: str = "3_generation"
    ) -> dict[str, str]:
        """Return the queries of the models by name, as dbt compiled them."""
        settings = {RUN_ID: run_id, EVALUATION_ROOT: evaluation_root}
        made = self._folder / "nodes/target/compiled/docs_index/models"
        queries = {}
        for path in made.rglob("*.sql"):
            query = path.read_text()
            for stand_in, value in settings.items():
                query = query.replace(literal(stand_in), literal(value))
            queries[path.stem] = query
        return queries

    def analyses(self) -> dict[str, str]:
        """Return the compiled analyses by file name."""
        work = partial(compile_analyses, self._folder)
        return once(self._folder, "analyses", lambda: self._dbt.submit(work).result())


@contextmanager
def compiled_models(factory: pytest.TempPathFactory) -> Iterator[Models]:
    """Yield the project's models, which the first process of a session compiles."""
    folder = shared_folder(factory) / "compiled"
    folder.mkdir(exist_ok=True)
    compiled = Models(folder)
    yield compiled
    compiled.close()


def compile_nodes(folder: Path) -> list[Node]:
    """Build an empty data root; return the nodes, each after those it depends on."""
    _use_empty_root(folder)
    settings = {"run_id": RUN_ID, "evaluation_root": EVALUATION_ROOT}
    unwanted = [word for kind in ("unit_test", "test") for word in (EXCLUDE, kind)]
    invoke_dbt(folder / "nodes", settings, "build", *unwanted)
    manifest = json.loads((folder / "nodes/target/manifest.json").read_text())
    hooks = f"\n{NEXT}\n".join(GUARDS.values())
    [compiled] = invoke_dbt(folder / "nodes", settings, "compile", "--inline", hooks)
    guards = dict(zip(GUARDS, compiled.node.compiled_code.split(NEXT), strict=True))
    found = {
        key: node
        for key, node in (manifest["sources"] | manifest["nodes"]).items()
        if node["resource_type"] in ("source", "seed", "model")
        and not {"cohorts", "scores"} & set(node["fqn"])
        and _is_in_the_build(node)
    }
    parents = {
        key: [key for key in _parents(manifest, key) if key in found] for key in found
    }
    made = folder / "nodes/target/run/docs_index"
    nodes = {
        key: _node(node, parents[key], guards, made) for key, node in found.items()
    }
    return [nodes[key] for key in _in_order(parents)]


def _is_in_the_build(node: Row) -> bool:
    """Tell it from what is a part of other models, and what an index and a run have."""
    config: Row = node["config"]
    if node["resource_type"] == "source":
        return "plugin" in config["meta"]
    return bool(config["materialized"] != "ephemeral")


def _parents(manifest: Row, key: str) -> set[str]:
    """Return what a node reads, its ephemeral models replaced by what they read."""
    found: set[str] = set()
    for parent in manifest["parent_map"][key]:
        node = manifest["nodes"].get(parent, {"config": {}})
        is_ephemeral = node["config"].get("materialized") == "ephemeral"
        found |= _parents(manifest, parent) if is_ephemeral else {parent}
    return found


def _in_order(parents: dict[str, list[str]]) -> list[str]:
    """Return nodes after their parents: a source as late as dbt loads it."""
    order: list[str] = []
    for key in TopologicalSorter(parents).static_order():
        if not key.startswith("source."):
            order += [each for each in parents[key] if each not in order]
            order.append(key)
    return order


def _behind(nodes: list[Node], goals: Sequence[str]) -> list[Node]:
    """Return the nodes of those names and all that they depend on, in their order."""
    wanted = set(goals)
    behind = []
    for node in reversed(nodes):
        if node.name in wanted:
            wanted |= set(node.parents)
            behind.append(node)
    return behind[::-1]


def compile_analyses(folder: Path) -> dict[str, str]:
    """Return what `make sql` would put into the package, by file name."""
    # A root of its own: the process that compiled the nodes may still hold the other's.
    _use_empty_root(folder / "analyses")
    invoke_dbt(folder / "analyses", {}, "compile", "--select", "path:analyses")
    compiled = folder / "analyses/target/compiled/docs_index/analyses"
    return {path.name: path.read_text() for path in compiled.glob("*.sql")}


def _use_empty_root(folder: Path) -> None:
    table = folder / "root/7_cross_experiment/draft_generation_results.csv"
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text("draft_task_id\n")
    os.chdir(REPOSITORY)
    os.environ["DATA_ROOT"] = str(folder / "root")
    os.environ.pop("RUN_ID", None)


def invoke_dbt(folder: Path, settings: dict[str, str], *command: str) -> Any:
    # Slow to import, and wanted in one process only.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    target = folder / "target"
    parsed = PARSED_WITH_VARS if settings else PARSED
    if parsed.exists() and not target.exists():
        target.mkdir(parents=True)
        shutil.copyfile(parsed, target / parsed.name)
    arguments = [
        "--quiet", "--log-path", str(folder / "logs"), *command, "--threads", "1",
        "--project-dir", str(REPOSITORY), "--profiles-dir", str(REPOSITORY),
        "--target-path", str(target),
        *(["--vars", json.dumps(settings)] if settings else []),
    ]  # fmt: skip
    # While an earlier connection is open, parsing loads every source, cohorts' too.
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    said = io.StringIO()
    with redirect_stdout(said):  # --inline prints what it compiled
        result = dbtRunner().invoke(arguments)
    if not result.success:
        raise RuntimeError(f"dbt failed: {result.exception}\n{said.getvalue()}")
    return result.result


def _node(found: Row, parents: list[str], guards: dict[str, str], made: Path) -> Node:
    name = found["name"]
    hooks = [hook["sql"] for hook in found["config"].get("pre-hook", ())]
    if hooks != ([GUARDS[name]] if name in GUARDS else []):
        raise RuntimeError(f"the harness does not know the hooks of {name}")
    kind, sql = found["resource_type"], ""
    if name == READ:
        kind = "read"
    elif name == PARSED_RECORDS:
        kind = "parsed"
    elif kind == "model":
        kind = found["config"]["materialized"].removeprefix("replaced_")
        sql = (made / found["original_file_path"]).read_text()
    return Node(
        name=name,
        relation=found["relation_name"],
        kind=kind,
        sql=f"{guards[name]};\n{sql}" if name in guards else sql,
        file=str(REPOSITORY / found["original_file_path"]),
        meta=found["config"].get("meta", {}),
        columns=", ".join(
            f"{name} {column.get('data_type')}"
            for name, column in found["columns"].items()
        ),
        parents=tuple(key.split(".")[-1] for key in parents),
    )


@contextmanager
def _session(database: str, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect as dbt does, to a database of this path or of none."""
    with closing(duckdb.connect(config={"threads": threads})) as session:
        session.execute("set force_compression = 'uncompressed'")
        session.execute(f"attach {literal(database)} as {DATABASE}")
        attach_stored(session)
        attach_run(session)
        session.execute(f"use {DATABASE}")
        yield session


def _run(
    session: duckdb.DuckDBPyConnection,
    node: Node,
    sources: Sources,
    settings: dict[str, str],
    max_response_bytes: int,
) -> None:
    if node.kind == "by_level":
        session.execute(f"create table {node.relation} ({node.columns})")
    if node.kind in ("table", "view", "by_level"):
        sql = node.sql
        for stand_in, value in settings.items():
            sql = sql.replace(literal(stand_in), literal(value))
        session.execute(sql)
    elif node.kind == "seed":
        session.read_csv(node.file, header=True, all_varchar=True).create(node.relation)
    elif node.kind == "source":
        session.execute(
            f"create schema if not exists {node.relation.rpartition('.')[0]}"
        )
        if ".histories." in node.relation.replace('"', ""):
            histories = open_histories(sources.layout)
            histories.load(session, node.name).create(node.relation)
        elif node.name == INPUT_FILES:
            sources.input_files(session).create(node.relation)
        else:
            sources.load(session, node.meta).create(node.relation)
    elif node.kind == "parsed":
        expression = session.table("parser_sql").fetchall()[0][0]
        texts = f"{DATABASE}.main.int_records__parseable"
        parse_records(session, texts, expression).create(node.relation)
    else:
        read_responses(
            session,
            wanted="main.int_responses__wanted",
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
