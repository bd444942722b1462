"""Open the session of an engine, and let it call the workers' functions.

An engine is named by one word: `sail` (in this process, without Java), `local` (Spark
in this process), or the address of a server of Spark Connect, as `sc://host:15002`.
"""

import os
import socket
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docs_index.errors import EngineError
from docs_index.ingest.pack_placer import PackPlacer
from docs_index.warehouse.response_facts import FACTS, Reader

REMOTE = "SPARK_REMOTE"
_SAIL, _LOCAL, _SERVER = "sail", "local", "sc://"
_PORT = 15002  # of Spark Connect, where an address has none
_PATIENCE_S = 10
_ANSWER = ", ".join(["is_unchanged: boolean", *(f"{n}: {k}" for n, k in FACTS.items())])
_PACKING = """
    select
        shards.shard,
        documents.*
    from {database}.documents as documents
    inner join {database}.shards as shards
        on documents.write_order = shards.write_order
"""
_servers: list[Any] = []  # a server ends with its last reference


def shown(engine: str) -> str:
    """Return how output names an engine: an address may have a token after `;`."""
    return engine.partition(";")[0]


def refuse_unusable(engine: str) -> None:
    """Check that an engine is known and installed, and that a server answers.

    Raises:
        EngineError: says what to install, which names there are, or that none answers.
    """
    is_server = engine.startswith(_SERVER)
    if engine not in (_SAIL, _LOCAL) and not is_server:
        raise EngineError(
            f"the engine {shown(engine)!r} is not known: name sail, local, or the "
            "address of a server of Spark Connect, such as sc://localhost:15002"
        )
    wanted = ["pyspark", "dbt.adapters.spark", "pyarrow"]
    wanted += ["pysail"] if engine == _SAIL else []
    if missing := [name for name in wanted if not _is_installed(name)]:
        extra = "sail" if engine == _SAIL else "spark"
        raise EngineError(
            f"the engine {shown(engine)} needs {', '.join(missing)}: in a checkout, "
            "call `make engines`, then .venv-engines/bin/docs-index; elsewhere, "
            f"install the extra `docs-index[{extra}]`"
        )
    if is_server:
        _refuse_silent(engine)


def _refuse_silent(address: str) -> None:
    """Check that something listens at an address: Spark would try for minutes."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or _PORT
    except ValueError as error:
        raise EngineError(f"{shown(address)} is not an address: {error}") from error
    try:
        socket.create_connection((host, port), _PATIENCE_S).close()
    except OSError as error:
        raise EngineError(
            f"no server answers at {shown(address)}: {error}; start the server of "
            "Spark Connect, or correct --session"
        ) from error


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def opened_session(engine: str, warehouse: Path) -> Any:
    """Return the session of an engine; dbt finds the same one. Its time zone is UTC.

    Raises:
        Exception: what the engine says if it cannot start, or cannot be reached.
    """
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    if engine == _LOCAL:
        os.environ.pop(REMOTE, None)
        cores = os.cpu_count() or 1
        builder = (
            SparkSession.builder.master("local[*]")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.sql.warehouse.dir", str(warehouse))
            .config("spark.sql.shuffle.partitions", str(2 * cores))
        )
    else:
        address = _sail_address() if engine == _SAIL else engine
        os.environ[REMOTE] = address  # where dbt-spark looks
        builder = SparkSession.builder.remote(address)
    session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    if engine == _LOCAL:
        session.sparkContext.setLogLevel("OFF")
    return session


def _sail_address() -> str:
    """Start Sail in this process, and return its address."""
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    _servers.append(server)
    host, port = server.listening_address
    return f"sc://{host}:{port}"


def register_functions(session: Any, reader: Reader) -> None:
    """Let SQL call `read_response`, `parsed_text` and `duckdb_text`.

    A worker imports the functions: it needs this package, and sees the data root under
    the same path.
    """
    import pyarrow as pa
    from pyspark.sql.functions import arrow_udf

    def read_response(f: pa.Array, p: pa.Array, q: pa.Array, s: pa.Array) -> pa.Array:
        from docs_index.engines.workers import read_responses

        return read_responses(reader, f, p, q, s)

    def parsed_text(p: pa.Array, t: pa.Array) -> pa.Array:
        from docs_index.engines.workers import parse_texts

        return parse_texts(reader.parser_sql, p, t)

    def duckdb_text(e: pa.Array, v: pa.Array) -> pa.Array:
        from docs_index.engines.workers import duckdb_texts

        return duckdb_texts(e, v)

    session.udf.register(
        "read_response", arrow_udf(read_response, f"struct<{_ANSWER}>")
    )
    session.udf.register("parsed_text", arrow_udf(parsed_text, "string"))
    session.udf.register("duckdb_text", arrow_udf(duckdb_text, "string"))


def packed_shards(
    session: Any, placer: PackPlacer, documents: Path, shards: int
) -> list[dict[str, Any]]:
    """Have the workers write shards; return what `workers.pack_shard` says of each.

    `documents` is the table `document_files` of a build. The placer's own folder has a
    table `shards`, with the number of the shard of each write order. Each shard is a
    task, and an engine may try a task again, or twice at a time.

    Raises:
        Exception: what the engine or a worker says.
    """
    import pyarrow as pa

    from docs_index.engines.workers import PACKED

    def pack(documents: pa.Table) -> pa.Table:
        from docs_index.engines.workers import pack_shard

        return pack_shard(placer, documents)

    folder = Path(placer.unpublished)
    database = f"packs_{folder.name}"
    tables = {"documents": documents, "shards": folder / "shards"}
    create_tables(session, database, folder / "engine", tables)
    rows = session.sql(_PACKING.format(database=database))
    answers = (
        rows.repartitionByRange(shards, "shard")  # by hash, some would share a task
        .groupBy("shard")
        .applyInArrow(pack, ", ".join(f"{n} {kind}" for n, kind in PACKED.items()))
    )
    return [row.asDict() for row in answers.collect()]


def create_tables(
    session: Any, database: str, folder: Path, tables: Mapping[str, Path]
) -> None:
    """Make a schema of the engine in a folder, with tables of folders of Parquet."""
    # A folder that is missing would be made by a worker, perhaps of another user.
    folder.mkdir(parents=True, exist_ok=True)
    session.sql(f"create database {database} location {_literal(folder)}")
    for name, place in tables.items():
        table = f"{database}.{name}"
        session.sql(f"create table {table} using parquet location {_literal(place)}")


def _literal(path: Path) -> str:
    """Return a literal of Spark, which reads backslashes in it."""
    escaped = str(path).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
