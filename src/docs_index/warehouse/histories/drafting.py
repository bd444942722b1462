"""Draft the part of `histories.yml` for one file, from what is in it.

Owns how a file of a tool that the program knows is told: by what only that tool writes;
and why a file cannot be drafted from. Reads a few rows, writes nothing.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

from docs_index.errors import DataRootError, TableRefusedError, printable
from docs_index.warehouse.histories.checking import SUFFIXES
from docs_index.warehouse.histories.configuration import RESERVED
from docs_index.warehouse.histories.databases import query_rows, table_rows
from docs_index.warehouse.histories.first_rows import (
    LOOKED_AT,
    first_rows,
    opened_to_look,
)
from docs_index.warehouse.histories.guessing import guessed_mapping
from docs_index.warehouse.histories.history_file import HistoryFile
from docs_index.warehouse.histories.source_paths import find_files, has_glob
from docs_index.warehouse.histories.text_rows import Row
from docs_index.warehouse.histories.tool_files import DATABASES

_SCHEMA_ROWS = "select name from sqlite_master where type = 'table' order by name"
_OF_TABLES = {
    "_llm_migrations": "llm",
    "responses": "llm",
    "turns": "llm",
    "eval_results": "promptfoo",
    "trace_info": "mlflow",
}
_OF_PROMPTFOO = {"Grader Reason", "Named Scores"}  # columns of its CSV
_SEPARATORS = (";", "\t", "|")
_ALIKE = 20  # files of a folder that are looked at, to tell whether all are of a tool


@dataclass(frozen=True)
class Draft:
    """A source of `histories.yml`: its name, and its lines below `sources:`."""

    name: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines, with the indent that they have in the file."""
        return "".join(f"  {line}\n" for line in self.lines)


def draft_source(root: Path, name: str, sources: Sequence[str] = ()) -> Draft:
    """Return a draft for a file of the data root; `name` is relative to it.

    `sources` are the names of those that are there already, in their order.

    Raises:
        DocsIndexError: the file is of no form that is read, or has no readable row.
    """
    file = HistoryFile("draft", 1, root, name)
    known = sorted({suffix for each in SUFFIXES.values() for suffix in each})
    if file.suffix not in known:
        raise DataRootError(f"{file.path} cannot be read: name {', '.join(known)}")
    if file.suffix == ".csv":
        _refuse_header(file)
    try:
        tool, rows = _tool_and_rows(file)
    except TableRefusedError as error:  # its remedy is for a build
        why, *_ = str(error).splitlines()
        raise DataRootError(f"{why}: correct the file, then run this again") from error
    if tool:
        return _of_tool(file, tool, sources)
    source = _source_name(file.path)
    if file.suffix in DATABASES:
        return _of_database(source, file, sources)
    readable = [row.value for row in rows if not row.fault]
    if not readable or _is_of_lines(file, rows):
        raise _no_record(file, rows)
    faulty = [(row.position, row.fault) for row in rows if row.fault]
    notes = [
        f"  # record {position} cannot be read: {printable(fault, keep='')}"
        for position, fault in faulty[:1]
    ]
    mapping = guessed_mapping(readable, sources)
    return Draft(source, (*_head(source, name), *notes, *mapping))


def _is_of_lines(file: HistoryFile, rows: Sequence[Row]) -> bool:
    """Tell whether a .json file has an object, and something after it."""
    if file.suffix != ".json" or len(rows) < 2 or not rows[1].fault:
        return False
    with opened_to_look(file) as reading:
        return reading.first() == b"{"


def _no_record(file: HistoryFile, rows: Sequence[Row]) -> DataRootError:
    """Return the error of a file without a record, with the first reason."""
    what = f"{file.path} cannot be drafted from"
    if not rows:
        return DataRootError(f"{what}: it has no record")
    faulty = next(row for row in rows if row.fault)
    why = f"record {faulty.position}: {faulty.fault}"
    if file.suffix == ".jsonl":
        with opened_to_look(file) as reading:
            is_list = reading.first() == b"["
        if is_list:
            why = "it is one JSON list, not lines of records: end its name with .json"
    return DataRootError(f"{what}: {why}")


def _refuse_header(file: HistoryFile) -> None:
    """Check that the first line of a CSV file names its columns.

    Raises:
        DataRootError: it is of promptfoo, has a title, or no commas.
    """
    with opened_to_look(file) as reading:
        stream = reading.stream()
        text = io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="")
        try:
            header, second = (next(_cells(text), []) for _ in range(2))
        except (csv.Error, EOFError):
            return  # the reader says it with the place
    if set(header) >= _OF_PROMPTFOO:
        raise DataRootError(
            f"{file.path} is promptfoo's CSV, which has no ids: name its database "
            "(promptfoo.db), or its JSON or JSONL"
        )
    separator = next((each for each in _SEPARATORS if each in "".join(header)), None)
    if len(header) == 1 and separator:
        words = {"\t": "tabs"}.get(separator, f"{separator!r}")
        raise DataRootError(
            f"{file.path} has {words} between its columns: save it with commas"
        )
    named = [cell for cell in header if cell.strip()]
    if len(named) == 1 and max(len(header), len(second)) > 1:
        raise DataRootError(
            f"{file.path} begins with a title, {named[0]!r}: take out all lines above "
            "the names of the columns"
        )


def _cells(text: io.TextIOWrapper) -> Iterator[list[str]]:
    return csv.reader(text)


def _source_name(path: Path) -> str:
    stem = path.name.lower().split(".")[0]
    name = re.sub(r"[^a-z0-9]+", "_", stem).strip("_")[:41]
    is_good = name[:1].isalpha() and name not in RESERVED
    return name if is_good else f"source_{name}"[:41].rstrip("_")


def _head(source: str, *files: str) -> tuple[str, str]:
    listed = ", ".join(json.dumps(each, ensure_ascii=False) for each in files)
    return (f"{source}:", f"  files: {listed if len(files) == 1 else f'[{listed}]'}")


def _of_tool(file: HistoryFile, tool: str, sources: Sequence[str]) -> Draft:
    names = chain((tool,), (f"{tool}_{number}" for number in count(2)))
    source = next(name for name in names if name not in sources)
    files, notes = _files_of_tool(file, tool)
    first, last = _head(source, *files)
    return Draft(source, (first, f"  tool: {tool}", last, *notes))


def _files_of_tool(file: HistoryFile, tool: str) -> tuple[list[str], list[str]]:
    """Return patterns for all files of a tool in the folder, and what is not sure."""
    folder, _, base = file.name.rpartition("/")
    above = f"{folder}/" if folder else ""
    if has_glob(folder) or base.startswith("."):
        return [file.name], []
    if tool == "lm_eval":
        wanted = ("results_*.json", "samples_*.jsonl")
        patterns = [f"{above}{each}{end}" for each in wanted for end in ("", ".gz")]
        found = [each for each in patterns if find_files(file.root, each)]
        if any("/results_" in f"/{each}" for each in found):
            return found, []
        return found, ["  # results_*.json of the run is not in the folder: add it"]
    endings = [f"{each}{end}" for each in SUFFIXES[tool] for end in ("", ".gz")]
    own = next(end for end in reversed(endings) if base.lower().endswith(end))
    alike = endings if tool == "inspect" else [own]
    found = [
        pattern
        for pattern in (f"{above}*{end}" for end in alike)
        if _are_of_tool(file, pattern, tool)
    ]
    names = {each for pattern in found for each in find_files(file.root, pattern)}
    is_alone = file.suffix in DATABASES and names == {file.name}
    return (found if file.name in names and not is_alone else [file.name]), []


def _are_of_tool(file: HistoryFile, pattern: str, tool: str) -> bool:
    """Tell whether a pattern fits files, all of which are of a tool."""
    names = find_files(file.root, pattern)
    files = (HistoryFile("draft", 1, file.root, each) for each in names[:_ALIKE])
    return bool(names) and all(_tool_and_rows(each)[0] == tool for each in files)


def _tool_and_rows(file: HistoryFile) -> tuple[str | None, Sequence[Row]]:
    """Return the tool that wrote a file, if it is known; else its first rows."""
    if file.suffix == ".eval":
        return "inspect", ()
    if re.match(r"(samples|results)_.*\d{4}-\d\d-\d\dT", file.path.name):
        return "lm_eval", ()
    if file.suffix in DATABASES:
        tables = _tables(file)
        tools = (_OF_TABLES[table] for table in _OF_TABLES if table in tables)
        return next(tools, None), ()
    rows = first_rows(file)
    readable = (row.value for row in rows if not row.fault)
    return _tool_by_content(next(readable, {})), rows


def _tool_by_content(row: Mapping[str, Any]) -> str | None:
    """Return the tool that writes such objects; None if it may be any."""
    keys = set(row)
    if {"eval", "samples"} <= keys or {"version", "eval", "plan"} <= keys:
        return "inspect"
    if {"evalId", "results"} <= keys or {"promptIdx", "testIdx"} <= keys:
        return "promptfoo"
    if {"custom_id", "url", "body"} <= keys or {
        "custom_id",
        "response",
        "error",
    } <= keys:
        return "openai_batch"
    if {"custom_id", "response"} <= keys and "body" in (row["response"] or {}):
        return "openai_batch"
    return None


def _tables(file: HistoryFile) -> list[str]:
    with opened_to_look(file) as reading:
        return [row.value["name"] for row in query_rows(file, reading, _SCHEMA_ROWS)]


def _of_database(source: str, file: HistoryFile, sources: Sequence[str]) -> Draft:
    listed = _tables(file)
    found: dict[str, list[dict[str, Any]]] = {}
    with opened_to_look(file) as reading:
        for table, row in table_rows(file, reading, listed):
            kept = found.setdefault(table, [])
            if len(kept) < LOOKED_AT and not row.fault:
                kept.append(row.value)
    if not any(found.values()):
        raise DataRootError(f"{file.path} has no table with rows: nothing to draft")
    table = max(found, key=lambda name: (len(found[name]), len(found[name][0])))
    query = 'select * from "' + table.replace('"', '""') + '"'
    lines = [f"  # guessed: the tables are {', '.join(listed)}", f"  query: {query}"]
    mapping = guessed_mapping(found[table], sources)
    return Draft(source, (*_head(source, file.name), *lines, *mapping))
