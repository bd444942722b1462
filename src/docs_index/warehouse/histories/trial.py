"""Try `histories.yml` out: what its files give, before anything is built of them.

Owns the counts that the command `history check` shows. Its texts are joined as the
models in `models/staging/histories` join them; links, identity and what becomes of a
record are the models' alone. Reads what a build reads, and writes to a scratch folder.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import duckdb

from docs_index.disk.scratch import scratch_folder
from docs_index.layout import Layout
from docs_index.warehouse.histories.checking import NamedSource
from docs_index.warehouse.histories.configuration import ToolSource
from docs_index.warehouse.histories.reading import Histories
from docs_index.warehouse.quoting import literal

EXAMPLES = 3
_MOST_CHARS = 2000  # of an example's text
_WHOLE = ("id", "follows.", "targets.")  # none, where a part of them is missing
_BASE_NAME = "regexp_extract(file, '[^/]*$')"


@dataclass
class FieldTrial:
    """A field of a mapping: in how many records it is, and what the first have."""

    field: str
    value: str
    records: int
    is_optional: bool
    examples: list[str | None]

    @property
    def is_missing(self) -> bool:
        """Whether it is in no record, and must be: a build refuses that."""
        return not (self.records or self.is_optional)


@dataclass
class SourceTrial:
    """A source: its files, how many records they have, and what is in them."""

    source: str
    reads: str
    files: list[str]
    records: int = 0
    unreadable: int = 0
    left_out: int = 0
    first_faults: list[str] = field(default_factory=list)
    objects: dict[str, int] = field(default_factory=dict)
    fields: list[FieldTrial] = field(default_factory=list)


def try_out(layout: Layout) -> list[SourceTrial]:
    """Read all files of `histories.yml`, and say what each source gives.

    Raises:
        DocsIndexError: the file or one that it names is refused.
        OSError: the machine failed.
    """
    opened = Histories(layout)
    with scratch_folder(layout.root) as scratch, closing(duckdb.connect()) as session:
        session.execute(f"set temp_directory = {literal(scratch)}")
        session.execute("set memory_limit = '512MB'")
        tables = ("mapped_rows", "tool_rows", "fields")
        mapped, objects, fields = (opened.load(session, name) for name in tables)
        return [
            _of_tool(source, objects)
            if isinstance(source.keys, ToolSource)
            else _of_mapping(source, mapped, fields)
            for source in opened.sources
        ]


def _of_tool(source: NamedSource, objects: duckdb.DuckDBPyRelation) -> SourceTrial:
    assert isinstance(source.keys, ToolSource)
    found = objects.filter(f"source_csv = {literal(source.name)}")
    trial = SourceTrial(source.name, source.keys.tool, list(source.files))
    counted = found.aggregate("relation, count(*) as amount").order("relation")
    trial.objects = dict(counted.fetchall())
    trial.records = sum(trial.objects.values())
    _note_faults(trial, found)
    return trial


def _of_mapping(
    source: NamedSource,
    mapped: duckdb.DuckDBPyRelation,
    fields: duckdb.DuckDBPyRelation,
) -> SourceTrial:
    assert not isinstance(source.keys, ToolSource)
    trial = SourceTrial(source.name, source.keys.kind, list(source.files))
    found = mapped.filter(f"source_csv = {literal(source.name)}")
    _note_faults(trial, found)
    values = list(_values(fields.filter(f"source_csv = {literal(source.name)}")))
    wanted = [_condition(each) for each in values if each.is_condition]
    readable = found.filter("fault is null")
    chosen = readable.filter(" and ".join(wanted)) if wanted else readable
    shown = [each for each in values if not each.is_condition]
    counts = ["count(*)", *(f"count({each.expression})" for each in shown)]
    [[trial.records, *amounts]] = chosen.aggregate(", ".join(counts)).fetchall()
    [(of_file,)] = readable.aggregate("count(*)").fetchall()
    trial.left_out = of_file - trial.records
    texts = [f"left({each.expression}, {_MOST_CHARS})" for each in shown]
    first = chosen.order("file_number, place").limit(EXAMPLES)
    rows = first.project(", ".join(texts)).fetchall() if texts else []
    for number, (each, amount) in enumerate(zip(shown, amounts, strict=True)):
        examples = [row[number] for row in rows]
        trial.fields.append(
            FieldTrial(each.field, each.written, amount, each.is_optional, examples)
        )
    return trial


def _note_faults(trial: SourceTrial, found: duckdb.DuckDBPyRelation) -> None:
    faulty = found.filter("fault is not null")
    [(trial.unreadable,)] = faulty.aggregate("count(*)").fetchall()
    first = faulty.order("file_number, place").limit(EXAMPLES)
    trial.first_faults = [
        f"{file}, {position}: {fault}"
        for file, position, fault in first.project("file, position, fault").fetchall()
    ]


@dataclass
class _Value:
    """A value of a mapping as an expression over `mapped_rows`."""

    field: str
    written: str
    is_optional: bool
    accepted: str | None
    expression: str

    @property
    def is_condition(self) -> bool:
        return self.field.startswith("where.")


def _values(fields: duckdb.DuckDBPyRelation) -> Iterator[_Value]:
    columns = "field, value, is_optional, accepted, kind, text"
    parts: dict[str, list[Any]] = {}
    for row in fields.project(columns).fetchall():
        parts.setdefault(row[0], []).append(row)
    for name, rows in parts.items():
        [(_, written, is_optional, accepted, *_), *_] = rows
        texts = [_expression(kind, text) for *_, kind, text in rows]
        whole = texts[0]
        if len(texts) > 1 and name.startswith(_WHOLE):
            whole = " || '/' || ".join(texts)
        elif len(texts) > 1:
            whole = f"nullif(concat_ws('/', {', '.join(texts)}), '')"
        yield _Value(name, written, is_optional, accepted, whole)


def _expression(kind: str, text: str) -> str:
    if kind == "constant":
        return literal(text)
    if kind == "file":
        return f"nullif(regexp_extract({_BASE_NAME}, {literal(text)}, 1), '')"
    return text


def _condition(value: _Value) -> str:
    accepted = json.loads(value.accepted or "[]")
    words = ", ".join(literal(word) for word in accepted if word is not None)
    tests = [f"coalesce({value.expression} in ({words}), false)"] if words else []
    if None in accepted:
        tests.append(f"{value.expression} is null")
    return f"({' or '.join(tests) or 'false'})"
