"""What an engine's workers do: read, hash and parse responses, and write JSON.

The functions take and return Arrow arrays. A worker has the same Python and DuckDB as a
build on one machine, so a text is parsed by the same SQL. Sail runs functions in
threads of one process, and a DuckDB connection that threads share mixes up their rows:
each thread has its own.
"""

import threading
from typing import Any

import duckdb
import pyarrow as pa

from docs_index.warehouse.parsers import TextParser
from docs_index.warehouse.response_facts import FACTS, Reader

_ARROW = {"string": pa.string(), "bigint": pa.int64()}
_ANSWER = pa.struct(
    [("is_unchanged", pa.bool_())]
    + [(name, _ARROW[kind]) for name, kind in FACTS.items()]
)
_UNCHANGED = {"is_unchanged": True}
_of_thread = threading.local()


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
    connection = _connection()
    connection.register("rows", rows)
    try:
        query = f"select cast({expression} as varchar) as made from rows"
        made = connection.execute(query).to_arrow_table()
    finally:
        connection.unregister("rows")
    return made.column("made").combine_chunks()


def _as_long(*columns: pa.Array) -> list[list[Any]]:
    """Return columns of one length: Sail hands a constant over as a single value."""
    longest = max(map(len, columns))
    lists = [column.to_pylist() for column in columns]
    return [each * longest if len(each) == 1 else each for each in lists]


def _parser(parser_sql: str) -> TextParser:
    """Return this thread's parser."""
    if getattr(_of_thread, "parser_sql", None) != parser_sql:
        _of_thread.parser = TextParser(parser_sql)
        _of_thread.parser_sql = parser_sql
    parser: TextParser = _of_thread.parser
    return parser


def _connection() -> duckdb.DuckDBPyConnection:
    """Return this thread's connection, which keeps the order of rows."""
    if not hasattr(_of_thread, "connection"):
        _of_thread.connection = duckdb.connect(config={"threads": 1})
    connection: duckdb.DuckDBPyConnection = _of_thread.connection
    return connection
