"""What an engine's workers do: read and parse responses, write JSON, write shards.

The functions take and return Arrow arrays. A worker has the same Python and DuckDB as a
build on one machine, so a text is parsed by the same SQL. Sail runs functions in
threads of one process, and a DuckDB connection that threads share mixes up their rows:
each thread has its own.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import duckdb
import pyarrow as pa

from docs_index.disk.threads import OnceAThread
from docs_index.ingest.document_files import AT_ONCE, Planned, forget_folders
from docs_index.ingest.pack_placer import PackPlacer
from docs_index.warehouse.parsers import TextParser
from docs_index.warehouse.response_facts import FACTS, Reader

_ARROW = {"string": pa.string(), "bigint": pa.int64(), "int": pa.int32()}
_ANSWER = pa.struct(
    [("is_unchanged", pa.bool_())]
    + [(name, _ARROW[kind]) for name, kind in FACTS.items()]
)
PACKED = {
    "shard": "int",
    "file": "string",
    "documents": "bigint",
    "bytes": "bigint",
    "sha256": "string",
    "write_order": "bigint",
    "outcome": "string",
    "detail": "string",
}
"""The columns of what became of a shard and of its documents, with their types."""

_PACKED = pa.schema([(name, _ARROW[kind]) for name, kind in PACKED.items()])
_UNCHANGED = {"is_unchanged": True}


def read_responses(
    reader: Reader,
    folders: pa.Array,
    paths: pa.Array,
    parsers: pa.Array,
    known: pa.Array,
) -> pa.Array:
    """Answer questions about files as `Reader` does: structs of `FACTS`, by row.

    Raises:
        OSError: the machine failed to read a file.
    """
    columns = _as_long(folders, paths, parsers, known)
    questions = [
        dict(zip(("folder", "path", "parser", "signature"), question, strict=True))
        | {"asked_id": number}
        for number, question in enumerate(zip(*columns, strict=True))
    ]
    found = {
        facts["asked_id"]: {"is_unchanged": False} | facts
        for facts in reader.answers(questions, _parser(reader.parser_sql))
    }
    answers = [found.get(number, _UNCHANGED) for number in range(len(questions))]
    return pa.array(answers, type=_ANSWER)


def parse_texts(parser_sql: str, parsers: pa.Array, texts: pa.Array) -> pa.Array:
    """Parse texts by the build's own expression; what cannot be parsed gives null."""
    pairs = list(zip(*_as_long(parsers, texts), strict=True))
    asked = [(name or "", (text or "").encode()) for name, text in pairs]
    parsed = _parser(parser_sql).parse(asked)
    results = [
        None if None in pair else result
        for pair, result in zip(pairs, parsed, strict=True)
    ]
    return pa.array(results, type=pa.string())


def duckdb_texts(expressions: pa.Array, values: pa.Array) -> pa.Array:
    """Evaluate an expression of DuckDB over `list_of_values`, a list of texts a row."""
    [expression] = set(expressions.to_pylist()) or {"null"}
    rows = pa.table({"list_of_values": values.cast(pa.list_(pa.string()))})
    connection = _connected()
    connection.register("rows", rows)
    try:
        query = f"select cast({expression} as varchar) as made from rows"
        made = connection.execute(query).to_arrow_table()
    finally:
        connection.unregister("rows")
    return made.column("made").combine_chunks()


def pack_shard(placer: PackPlacer, documents: pa.Table) -> pa.Table:
    """Write the documents of a shard, and return what became of it as `PACKED`.

    The first row is of the shard, without a file if it has no documents; one follows
    for each document that could not be written.

    Raises:
        OSError, StorageError: the machine failed; no shard was published.
    """
    forget_folders()
    number = documents.column("shard")[0].as_py()
    stage = documents.column("doc_dir")[0].as_py().partition("/")[0]
    written = placer.pack_planned(stage, _planned(documents))
    line = {"shard": number, "documents": 0} | (
        asdict(written.shard) if written.shard else {}
    )
    failed = [
        {"shard": number, "write_order": order, "outcome": outcome, "detail": detail}
        for order, outcome, detail in written.failed
    ]
    return pa.Table.from_pylist([line, *failed], schema=_PACKED)


def _planned(documents: pa.Table) -> Iterator[list[Planned]]:
    """Yield the documents in the order of their doc_id, some hundred at a time."""
    ordered = documents.select(Planned._fields).sort_by("doc_id")
    for batch in ordered.to_batches(max_chunksize=AT_ONCE):
        yield [Planned(**row) for row in batch.to_pylist()]


def _as_long(*columns: pa.Array) -> list[list[Any]]:
    """Return columns of one length: Sail hands a constant over as a single value."""
    longest = max(map(len, columns))
    lists = [column.to_pylist() for column in columns]
    return [each * longest if len(each) == 1 else each for each in lists]


def _connection() -> duckdb.DuckDBPyConnection:
    """Return a connection that keeps the order of rows."""
    return duckdb.connect(config={"threads": 1})


_parser = OnceAThread(TextParser)
_connected = OnceAThread(_connection)
