"""The JSON objects in the files of tools, each with what it is there.

Owns where in a file its objects are: the lines, the elements of a list and what is
around it, the rows of a database, the members of an archive. Judges no object beyond
its form: that is SQL's.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from docs_index.warehouse.histories.archives import read_archive
from docs_index.warehouse.histories.databases import table_rows
from docs_index.warehouse.histories.history_file import HistoryFile, Reading
from docs_index.warehouse.histories.inspect_samples import without_unread
from docs_index.warehouse.histories.json_stream import read_parts
from docs_index.warehouse.histories.json_values import compact
from docs_index.warehouse.histories.text_rows import (
    Row,
    json_elements,
    json_lines,
    row_of,
)

DATABASES = (".db", ".sqlite")
TABLES = {
    "llm": {
        "responses": "responses",
        "turns": "turns",
        "messages": "messages",
        "parts": "parts",
        "fragments": "fragments",
        "conversations": "conversations",
        "threads": "threads",
        "prompt_fragments": "prompt_fragments",
        "system_fragments": "system_fragments",
        "tool_calls": "tool_calls",
        "tool_results": "tool_results",
        "prompt_attachments": "prompt_attachments",
        "_llm_migrations": "migrations",
    },
    "promptfoo": {
        "eval_results": "eval_results",
        "evals": "evals",
        "__drizzle_migrations": "migrations",
    },
    "mlflow": {
        name: name
        for name in (
            "trace_info", "trace_tags", "trace_request_metadata", "spans",
            "assessments", "alembic_version",
        )
    },
}  # fmt: skip
"""The tables of each tool's database that are read, and what their rows are called."""


class ToolRow(NamedTuple):
    """An object of a tool's file: what it is, its position, its text or its fault."""

    relation: str
    position: str
    text: str | None
    fault: str | None


def tool_rows(tool: str, source: HistoryFile, file: Reading) -> Iterator[ToolRow]:
    """Yield the objects of a tool's file.

    Raises:
        DocsIndexError: the file is refused as a whole.
    """
    if source.suffix in DATABASES:
        tables = TABLES[tool]
        for table, row in table_rows(source, file, tuple(tables)):
            yield _tool_row(tables[table], row)
    elif source.suffix == ".eval":
        for member in read_archive(source, file):
            if member.is_sample:
                yield _tool_row("sample", without_unread(member.row))
            else:
                yield _tool_row("log", member.row)
    elif tool == "inspect":
        yield from _list_in(file, ("samples",), "sample", "log", without_unread)
    elif tool == "lm_eval":
        base = source.path.name
        is_results = base.startswith("results_") and source.suffix == ".json"
        relation = "results" if is_results else "sample"
        yield from _all(_rows(source, file), relation)
    elif tool == "promptfoo" and source.suffix == ".json":
        yield from _list_in(file, ("results", "results"), "result", "file")
    else:
        relation = "line" if tool == "openai_batch" else "result"
        yield from _all(_rows(source, file), relation)


def _rows(source: HistoryFile, file: Reading) -> Iterator[Row]:
    read: Callable[[Reading], Iterator[Row]] = json_lines
    if source.suffix == ".json":
        read = json_elements
    return read(file)


def _all(rows: Iterator[Row], relation: str) -> Iterator[ToolRow]:
    for row in rows:
        yield _tool_row(relation, row)


def _tool_row(relation: str, row: Row) -> ToolRow:
    if row.fault:
        return ToolRow(relation, row.position, None, row.fault)
    text = compact(row.value, is_strict=True) if row.text is None else row.text
    return ToolRow(relation, row.position, text, None)


def _list_in(
    file: Reading,
    path: tuple[str, ...],
    element: str,
    around: str,
    kept: Callable[[Row], Row] = lambda row: row,
) -> Iterator[ToolRow]:
    for number, part in enumerate(read_parts(file, path), 1):
        if part.is_element:
            yield _tool_row(element, kept(row_of(part, number)))
        else:
            yield _tool_row(around, row_of(part, 1))
