"""Try `histories.yml` out: what its files give, before documents are built of them.

Owns the counts of fields that the command `history check` shows. Its texts are joined
as the models in `models/staging/histories` join them; links, identity and what becomes
of a record are the models' alone: `Outcome` has it. Reads what a build reads, and
writes to a scratch folder.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from dataclasses import field as made
from pathlib import Path as PathOfFile
from typing import Any

import duckdb

from docs_index.disk.scratch import scratch_folder
from docs_index.layout import Layout
from docs_index.quoting import literal
from docs_index.warehouse.histories.checking import NamedSource
from docs_index.warehouse.histories.configuration import MappingSource, ToolSource
from docs_index.warehouse.histories.first_rows import (
    elements_of,
    names_in,
    nearest,
    rows_of_source,
)
from docs_index.warehouse.histories.outcomes import Outcome
from docs_index.warehouse.histories.reading import Histories
from docs_index.warehouse.histories.values import Path

EXAMPLES = 3
_MOST_CHARS = 200  # of an example's text
_MOST_NAMES = 10
_WHOLE = ("id", "follows.", "targets.")  # none, where a part of them is missing
_BASE_NAME = "regexp_extract(file, '[^/]*$')"


@dataclass
class FieldTrial:
    """A field of a mapping: in how many records it is, and what the first have.

    If it is in none, `absent` are the parts of its value that the first records do not
    have, and `near` names in them that were probably meant.
    """

    field: str
    value: str
    records: int
    is_optional: bool
    examples: list[str | None]
    absent: list[str] = made(default_factory=list)
    near: list[str] = made(default_factory=list)


@dataclass
class Names:
    """Names that records have: of rows, or of elements of the lists `of`."""

    of: str | None
    first: list[str]
    more: int


@dataclass
class SourceTrial:
    """A source: its files, how many records they have, and what is in them.

    `unmatched` are patterns that no file fits. `absent_list` is a list of `each` that
    no row has, and `near_list` the one that was probably meant. `outcomes` is None
    where nothing was built.
    """

    source: str
    reads: str
    files: list[str]
    unmatched: list[str]
    records: int = 0
    unreadable: int = 0
    left_out: int = 0
    first_faults: list[str] = made(default_factory=list)
    objects: dict[str, int] = made(default_factory=dict)
    fields: list[FieldTrial] = made(default_factory=list)
    absent_list: str | None = None
    near_list: str | None = None
    names: list[Names] = made(default_factory=list)
    outcomes: list[Outcome] | None = None

    @property
    def missing(self) -> list[FieldTrial]:
        """The fields that are in no record, and must be: a build refuses that."""
        if not self.records:
            return []
        return [each for each in self.fields if not (each.records or each.is_optional)]

    @property
    def is_faulty(self) -> bool:
        """Whether nothing can be built of it as it is, or nothing would come of it."""
        if self.missing or self.absent_list:
            return True
        if self.outcomes:
            return not any(each.kind for each in self.outcomes)
        return bool(self.left_out and not self.records)


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
        trials = [
            _of_tool(source, objects)
            if isinstance(source.keys, ToolSource)
            else _of_mapping(source, mapped, fields)
            for source in opened.sources
        ]
    for source, trial in zip(opened.sources, trials, strict=True):
        if isinstance(source.keys, MappingSource):
            _tell_names(layout.root, source, trial, opened.absent_list(source.name))
    return trials


def _of_tool(source: NamedSource, objects: duckdb.DuckDBPyRelation) -> SourceTrial:
    assert isinstance(source.keys, ToolSource)
    found = objects.filter(f"source_csv = {literal(source.name)}")
    trial = _trial(source, source.keys.tool)
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
    trial = _trial(source, source.keys.kind)
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
    texts = [_shortened(each.expression) for each in shown]
    first = chosen.order("file_number, place").limit(EXAMPLES)
    rows = first.project(", ".join(texts)).fetchall() if texts else []
    for number, (each, amount) in enumerate(zip(shown, amounts, strict=True)):
        examples = [row[number] for row in rows]
        trial.fields.append(
            FieldTrial(each.field, each.written, amount, each.is_optional, examples)
        )
    return trial


def _trial(source: NamedSource, reads: str) -> SourceTrial:
    return SourceTrial(source.name, reads, list(source.files), list(source.unmatched))


def _shortened(text: str) -> str:
    return (
        f"case when length({text}) > {_MOST_CHARS} "
        f"then left({text}, {_MOST_CHARS - 1}) || '…' else {text} end"
    )


def _tell_names(
    root: PathOfFile, source: NamedSource, trial: SourceTrial, absent: int | None
) -> None:
    """Note the names that records have, if a name is in none of them."""
    assert isinstance(source.keys, MappingSource)
    if absent is None and not trial.missing:
        return
    lists = source.keys.each
    rows = rows_of_source(root, source)
    if absent is not None:
        known = names_in(elements_of(rows, lists[:absent]))
        trial.absent_list = lists[absent].name
        trial.near_list = nearest(trial.absent_list, known)
        trial.names = [_names(known, lists[:absent])]
        return
    of_row = names_in(rows)
    of_element = names_in(elements_of(rows, lists)) if lists else []
    values = dict(source.keys.values())
    missing = [part for each in trial.missing for part in values[each.field].parts]
    for each in trial.missing:
        for part in values[each.field].parts:
            if isinstance(part, Path):
                known = of_element if part.of_element else of_row
                if part.name in known:
                    continue
                each.absent.append(part.text)
                if near := nearest(part.name, known):
                    each.near.append(f".{near}" if part.of_element else near)
    paths = [part for part in missing if isinstance(part, Path)]
    if not all(path.of_element for path in paths):
        trial.names.append(_names(of_row, ()))
    if any(path.of_element for path in paths):
        trial.names.append(_names(of_element, lists))


def _names(known: Sequence[str], lists: Sequence[Path]) -> Names:
    of = ", ".join(path.name for path in lists) or None
    return Names(of, list(known[:_MOST_NAMES]), max(len(known) - _MOST_NAMES, 0))


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
