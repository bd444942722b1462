"""Draft the part of `histories.yml` for one file, from the names in its first rows.

Owns the guesses, each of which the draft says to be one. A file of a tool that the
program knows is told by what only that tool writes. Reads a few rows, writes nothing.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from docs_index.errors import DataRootError
from docs_index.warehouse.histories.checking import SUFFIXES
from docs_index.warehouse.histories.configuration import RESERVED
from docs_index.warehouse.histories.databases import query_rows, table_rows
from docs_index.warehouse.histories.history_file import HistoryFile, Reading
from docs_index.warehouse.histories.json_values import Number
from docs_index.warehouse.histories.parquet_rows import parquet_rows
from docs_index.warehouse.histories.text_rows import (
    Row,
    csv_rows,
    json_elements,
    json_lines,
)
from docs_index.warehouse.histories.tool_files import DATABASES

LOOKED_AT = 200
_SCHEMA_ROWS = "select name from sqlite_master where type = 'table' order by name"
_NAMES: Mapping[str, Sequence[str]] = {
    "id": ("id", "record_id", "uuid", "answer_id", "response_id", "custom_id"),
    "task_id": (
        "task_id", "question_id", "task", "doc_id", "prompt_id", "example_id",
        "item_id", "custom_id",
    ),
    "template_id": ("template_id", "template", "prompt_name"),
    "model_id": (
        "model_id", "model", "model_name", "model.name", "generator", "engine",
        "response.model", "response.body.model",
    ),
    "run_id": ("run_id", "run", "experiment_id", "experiment"),
    "prompt": ("prompt", "question", "instruction", "user_prompt", "input", "query"),
    "response": (
        "response", "output", "answer", "completion", "text", "generation", "content",
        "response_text", "response.text", "judgment", "judgement",
    ),
    "score": ("score", "rating", "grade"),
    "status": ("status", "state"),
    "created_at": (
        "created_at", "timestamp", "tstamp", "created", "datetime", "time", "date",
    ),
}  # fmt: skip
"""The names that a field usually has, the likeliest first."""

_NO_TEXTS = ("true", "false", "yes", "no", "on", "off", "null", "optional")
_OF_TABLES = {
    "responses": "llm",
    "turns": "llm",
    "eval_results": "promptfoo",
    "trace_info": "mlflow",
}


@dataclass(frozen=True)
class Draft:
    """A source of `histories.yml`: its name, and its lines below `sources:`."""

    name: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines, with the indent that they have in the file."""
        return "".join(f"  {line}\n" for line in self.lines)


def draft_source(root: Path, name: str) -> Draft:
    """Return a draft for a file of the data root; `name` is relative to it.

    Raises:
        DocsIndexError: the file is of no form that is read, or has no readable row.
    """
    file = HistoryFile("draft", 1, root, name)
    known = sorted({suffix for each in SUFFIXES.values() for suffix in each})
    if file.suffix not in known:
        raise DataRootError(f"{file.path} cannot be read: name {', '.join(known)}")
    source = _source_name(file.path)
    if tool := _tool_by_name(file):
        return _of_tool(source, name, tool)
    if file.suffix in DATABASES:
        return _of_database(source, file)
    with _opened(file) as reading:
        rows = _first(_rows(file, reading))
    tool = _tool_by_content(rows[0] if rows else {})
    if tool:
        return _of_tool(source, name, tool)
    if not rows:
        raise DataRootError(f"{file.path} has no record that can be read")
    return Draft(source, (*_head(source, name), *_mapped(rows)))


def _source_name(path: Path) -> str:
    stem = path.name.lower().split(".")[0]
    name = re.sub(r"[^a-z0-9]+", "_", stem).strip("_")[:41]
    is_good = name[:1].isalpha() and name not in RESERVED
    return name if is_good else f"source_{name}"[:41].rstrip("_")


def _head(source: str, name: str) -> tuple[str, str]:
    return (f"{source}:", f"  files: {json.dumps(name, ensure_ascii=False)}")


def _of_tool(source: str, name: str, tool: str) -> Draft:
    return Draft(source, (f"{source}:", f"  tool: {tool}", _head(source, name)[1]))


def _tool_by_name(file: HistoryFile) -> str | None:
    if file.suffix == ".eval":
        return "inspect"
    is_samples = re.match(r"(samples|results)_.*\d{4}-\d\d-\d\dT", file.path.name)
    return "lm_eval" if is_samples else None


def _tool_by_content(row: Mapping[str, Any]) -> str | None:
    """Return the tool that writes such objects; None if it may be any."""
    keys = set(row)
    if {"eval", "samples"} <= keys or {"version", "eval", "plan"} <= keys:
        return "inspect"
    if {"evalId", "results"} <= keys or {"promptIdx", "testIdx"} <= keys:
        return "promptfoo"
    if {"custom_id", "response"} <= keys and "body" in (row["response"] or {}):
        return "openai_batch"
    return None


@contextmanager
def _opened(file: HistoryFile) -> Iterator[Reading]:
    """Open a file of which only the first rows are read: none of its facts count."""
    with file.opened(is_whole=False) as reading:
        yield reading


def _rows(file: HistoryFile, reading: Reading) -> Iterator[Row]:
    if file.suffix == ".jsonl":
        return json_lines(reading)
    if file.suffix == ".json":
        return json_elements(reading)
    if file.suffix == ".csv":
        return csv_rows(file, reading)
    return parquet_rows(file, reading)


def _first(rows: Iterator[Row]) -> list[dict[str, Any]]:
    return [row.value for row in islice(rows, LOOKED_AT) if not row.fault]


def _of_database(source: str, file: HistoryFile) -> Draft:
    with _opened(file) as reading:
        listed = [row.value["name"] for row in query_rows(file, reading, _SCHEMA_ROWS)]
    for table in listed:
        if table in _OF_TABLES:
            return _of_tool(source, file.name, _OF_TABLES[table])
    found: dict[str, list[dict[str, Any]]] = {}
    with _opened(file) as reading:
        for table, row in table_rows(file, reading, listed):
            kept = found.setdefault(table, [])
            if len(kept) < LOOKED_AT and not row.fault:
                kept.append(row.value)
    if not any(found.values()):
        raise DataRootError(f"{file.path} has no table with rows")
    table = max(found, key=lambda name: (len(found[name]), len(found[name][0])))
    query = 'select * from "' + table.replace('"', '""') + '"'
    lines = [f"  # guessed: the tables are {', '.join(listed)}", f"  query: {query}"]
    return Draft(source, (*_head(source, file.name), *lines, *_mapped(found[table])))


def _mapped(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of a mapping; what is not sure is said in a comment."""
    yield "  # guessed from names: look at each, then run docs-index history check"
    values = _columns(rows)
    chosen: dict[str, str] = {}
    for field, names in _NAMES.items():
        there = [name for name in names if name in values]
        free = [name for name in there if name not in chosen.values()]
        if free:
            chosen[field] = free[0]
    if "response" not in chosen and (longest := _longest(values, chosen)):
        chosen["response"] = longest
    for field, name in chosen.items():
        yield from _line(field, name, values[name], len(rows))
    if "response" not in chosen and "score" not in chosen:
        yield "  # nothing looks like a text that came back: name its column"
        yield "  response: response"
    rest = [name for name in values if name not in chosen.values()]
    if rest:
        yield f"  # keep: [{', '.join(map(_quoted, rest))}]"


def _line(field: str, name: str, values: Sequence[Any], rows: int) -> Iterator[str]:
    written = _quoted(name)
    if field == "id" and len(set(map(str, values))) < rows:
        yield f"  # {name} is not in every row, or in several: it is no id"
        return
    if len(values) < rows and field != "id":
        written = f"[optional, {written}]"
        yield f"  # {len(values)} of the first {rows} records have it"
    if field == "created_at":
        yield f"  {field}: {{from: {written}, as: {_form(values[0])}}}"
    elif field == "status":
        words = ", ".join(sorted(set(map(str, values)))[:5])
        yield f"  # status: {{from: {written}, success: [...]}}  # it has: {words}"
    else:
        yield f"  {field}: {written}"


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return the values that are there by their column or path, two keys deep."""
    found: dict[str, list[Any]] = {}

    def note(values: Mapping[str, Any], above: str) -> None:
        for key, value in values.items():
            if isinstance(value, dict) and above.count(".") < 2:
                note(value, f"{above}{key}.")
            elif value is not None and not isinstance(value, list | dict):
                found.setdefault(f"{above}{key}", []).append(value)

    for row in rows:
        note(row, "")
    return found


def _longest(values: Mapping[str, list[Any]], chosen: Mapping[str, str]) -> str | None:
    lengths = {
        name: max(map(len, each))
        for name, each in values.items()
        if name not in chosen.values() and all(type(one) is str for one in each)
    }
    return max(lengths, key=lambda name: lengths[name]) if lengths else None


def _form(value: Any) -> str:
    if isinstance(value, Number) or re.fullmatch(r"\d{9,}(\.\d+)?", str(value)):
        return "epoch_ms" if float(value) > 1e11 else "epoch"
    return "iso"


def _quoted(name: str) -> str:
    """Return a column's name as YAML has it."""
    is_plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", name)
    is_text = is_plain and name.lower() not in _NO_TEXTS
    return name if is_text else json.dumps(name, ensure_ascii=False)
