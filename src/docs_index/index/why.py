"""What became of a source row, and by which rule, as the last build decided it.

The index has the decisions of the build: documents in `documents`, rejected rows with
their reasons in `bad_generations`, and the candidates of the joins in
`link_candidates`. SQL looks them up (`sql/why_*.sql`); this module turns them into
objects. It decides nothing again from the text of a message, and writes nothing.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from docs_index.errors import UnknownDocumentError
from docs_index.index.ids import instant_text
from docs_index.index.lookup import begun_by
from docs_index.index.query import Row, rows_of
from docs_index.index.reader import Documents
from docs_index.index.shapes import brief
from docs_index.resources import seed, sql
from docs_index.vocabulary import JOINS, RESULTS

Rejected = Callable[[str], Iterable[tuple[str, int, str]]]
"""Returns source_csv, row_index and detail of the rejected records of an id."""

_ROW = re.compile("([a-z][a-z0-9_]*):([1-9][0-9]{0,17})")
_PLACE = ("source_csv", "row_index", "detail")
_HAS_CANDIDATES = "select true from list_checksums where table_name = 'link_candidates'"
_RULES = {
    "timestamp_join": (
        "the latest draft or link of its combo and model, not later than it; none if "
        "that has no document"
    ),
    "essay_task_id": (
        "the latest essay that its essay_task_id names, not later than it; the "
        "earliest if all are later; none if that has no document"
    ),
    "generation_task_id": (
        "no row of the essay table has its essay_task_id; the latest draft or link "
        "that its generation_task_id names, not later than it; the earliest if all are "
        "later; none if that has no document"
    ),
    "repair": "a repair names it",
    "given": "the program that added it names it",
    "follows": "its record names what it was made from",
    "target": "its record names what it judges",
}


def explained(
    documents: Documents, name: str, limit: int, rejected: Rejected = lambda _: ()
) -> dict[str, Any]:
    """Return what became of all source rows that a name fits, the latest first.

    Each list has at most `limit` items (-1: all of them), and the number of all. The
    index does not have the ids of rejected records: `rejected` finds them.

    Raises:
        UnknownDocumentError: the name fits nothing, or several documents.
    """
    found = _found(documents, name, rejected)
    shown = found if limit < 0 else found[:limit]
    return {
        "total": len(found),
        "has_candidates": bool(rows_of(documents, _HAS_CANDIDATES)),
        "attempts": [_explained(documents, row, limit) for row in shown],
    }


def _found(documents: Documents, name: str, rejected: Rejected) -> list[Row]:
    """Return the rows that a name fits.

    That is by id, row, task, record or file, else by the beginning of an id.
    """
    values: Row = {"name": name}
    found = _rows(documents, "why_by_id", values)
    if not found and (row := _ROW.fullmatch(name)):
        source_csv, row_index = row.groups()
        values |= {"source_csv": source_csv, "row_index": int(row_index)}
        found = _rows(documents, "why_by_row", values)
    elif not found:
        found = _rows(documents, "why_by_name", values) or _of_file(documents, values)
    if not found or any(_is_record(row, name) for row in found):
        found += _rejected(documents, rejected(name), found)
    if not found and (begun := begun_by(documents, name)):
        found = _rows(documents, "why_by_id", {"name": begun.doc_id})
    if not found:
        raise UnknownDocumentError(
            f"nothing has the task id, the row (like draft:17), the record id, the "
            f"response file, the id or the beginning of an id {name!r}: `docs-index "
            "ls` lists documents, the table bad_generations lists rejected rows"
        )
    known = {(row["run_id"], row["row_key"]) for row in found if row["status"]}
    return [
        row
        for row in found
        if row["fate"] != "conflict" or (row["run_id"], row["row_key"]) not in known
    ]


def _is_record(row: Row, name: str) -> bool:
    """Tell whether a row is of the record with that id or row_key."""
    keys = (name, f"{row['source_csv']}:{name}")
    return row["source_csv"] not in RESULTS and row["row_key"] in keys


def _rejected(
    documents: Documents, records: Iterable[tuple[str, int, str]], found: list[Row]
) -> list[Row]:
    """Return the rejected rows of these records that are not among those found."""
    known = [tuple(row[name] for name in _PLACE) for row in found]
    places = [
        dict(zip(_PLACE, record, strict=True))
        for record in records
        if record not in known
    ]
    return [row for each in places for row in _rows(documents, "why_by_place", each)]


def _of_file(documents: Documents, values: Row) -> list[Row]:
    found = _rows(documents, "why_by_file", values)
    longest = max((len(row["response_file"]) for row in found), default=0)
    return [row for row in found if len(row["response_file"]) == longest]


def _rows(documents: Documents, query: str, values: Row) -> list[Row]:
    """Return rows of the view `source_rows` without its sort column."""
    found = rows_of(documents, sql(f"index/{query}.sql"), values)
    for row in found:
        del row["moment"]
        row["repair"] = json.loads(row["repair"]) if row["repair"] else None
    return found


def _explained(documents: Documents, row: Row, limit: int) -> dict[str, Any]:
    conflict = _conflict(documents, row)
    # If the lineage of a row has changed, the build has another document for it.
    of_build = conflict["doc_id"] if conflict else row["doc_id"]
    values = row | {"doc_id": of_build, "limit": limit if limit >= 0 else 2**62}
    values["joins"] = json.dumps(JOINS)
    linked = rows_of(documents, sql("index/why_candidates.sql"), values)
    attempts = rows_of(documents, sql("index/why_same_key.sql"), values)
    is_asking = row["link_method"] in (*JOINS, None)
    parent = documents.find(row["parent_doc_id"]) if row["parent_doc_id"] else None
    return row | {
        "remedy": _remedies().get(row["reason"]),
        "parent": brief(parent) if parent else None,
        "links": rows_of(documents, sql("index/why_links.sql"), row),
        "copies": _copies(documents, row),
        "rule": _rule(row["link_method"]),
        "is_joined": row["link_method"] in JOINS,
        "is_of_last_build": _is_of_last_build(documents, row),
        "conflict": conflict,
        "notices": rows_of(documents, sql("index/why_notices.sql"), row),
        "repeats": _repeated(documents, row),
        "candidates": _grouped(linked, "candidate") if is_asking else [],
        "asked_by": _grouped(linked, "question"),
        "same_key": _listed(attempts),
    }


def _conflict(documents: Documents, row: Row) -> Row | None:
    return next(iter(rows_of(documents, sql("index/why_conflict.sql"), row)), None)


def _is_of_last_build(documents: Documents, row: Row) -> bool:
    """Tell whether the lists can be of the row's run; empty lists can be of any."""
    runs = rows_of(documents, sql("index/why_run.sql"))
    return all(found["run_id"] == row["run_id"] for found in runs)


def _repeated(documents: Documents, row: Row) -> Row | None:
    """Return the row that a duplicate repeats, None if the index cannot say."""
    if row["reason"] != "duplicate_row":
        return None
    values = row | {"instant": instant_text(row["timestamp"] or "")}
    is_of_table = row["source_csv"] in RESULTS
    query = "why_repeated" if is_of_table else "why_copied"
    return next(iter(_rows(documents, query, values)), None)


def _copies(documents: Documents, row: Row) -> list[Row]:
    """Return the duplicates of the record that a document was made from."""
    if row["file"] is None:
        return []
    return rows_of(documents, sql("index/why_copies.sql"), row)


def _grouped(linked: list[Row], role: str) -> list[dict[str, Any]]:
    """Return the attempts that each join compares with this one."""
    by_method: dict[str, list[Row]] = {}
    for row in linked:
        if row["role"] == role:
            by_method.setdefault(row["link_method"], []).append(row)
    return [
        {"link_method": method, "rule": _rule(method), "chosen": rows[0]["chosen"]}
        | _listed(rows)
        for method, rows in by_method.items()
    ]


def _listed(rows: list[Row]) -> dict[str, Any]:
    counts = ("role", "link_method", "total", "chosen")
    return {
        "total": rows[0]["total"] if rows else 0,
        "listed": [
            {name: value for name, value in row.items() if name not in counts}
            for row in rows
        ],
    }


def _rule(link_method: str | None) -> str | None:
    """Return the rule of a link method, as a sentence."""
    return _RULES.get(link_method, link_method) if link_method else None


def _remedies() -> dict[str, str]:
    return {row["reason"]: row["remedy"] for row in seed("reasons")}
