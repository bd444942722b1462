"""What became of a row, and by which rule: what the last build decided, in words.

The build decides, and the index has it: fates and reasons in `documents` and
`bad_generations`, what the joins chose from in `link_candidates`. The queries are in
`sql/why_*.sql`.
"""

import json
import re
from typing import Any

from docs_index.errors import UnknownDocumentError
from docs_index.index.lookup import begun_by
from docs_index.index.query import Row, rows_of
from docs_index.index.reader import Documents
from docs_index.index.row import LATEST_FIRST
from docs_index.index.shapes import brief
from docs_index.resources import seed, sql
from docs_index.vocabulary import JOINS, RESULTS

_ROW = re.compile(rf"({'|'.join(RESULTS)}):([1-9][0-9]{{0,17}})")
_NAMED = (
    "task_id = :name or row_key = :name or fate = 'conflict' and "
    "substr(row_key, instr(row_key, ':') + 1, length(:name) + 1) = :name || ':'"
)
_AT = (  # what is cheap first: to look into JSON is not
    "coalesce(substr(row_key, 1, instr(row_key, ':') - 1), source_csv) = :source_csv "
    "and row_index = :row_index"
)
_OF_FILE = (  # as its table has it, or with folders before it, or before a repair
    "response_file = :name or "
    "substr(:name, -length(response_file) - 1) = '/' || response_file or "
    "repair is not null and exists (select 1 from json_each(repair) "
    "where json_extract(value, '$.was') = :name)"
)
_HAS_CANDIDATES = "select true from list_checksums where table_name = 'link_candidates'"
_RUN = """
    select run_id from bad_generations
    union all
    select run_id from backfill_conflicts
    union all
    select run_id from documents
    where doc_id in (select doc_id from link_candidates)
    limit 1
"""
_REPEATED = re.compile(r"it repeats row ([0-9]+)")
_RULES = {
    "timestamp_join": (
        "of its combo and model, the latest draft or link at or before it; if that has "
        "no document, none"
    ),
    "essay_task_id": (
        "of the essays that its essay_task_id names, the latest document at or before "
        "it, else the earliest"
    ),
    "generation_task_id": (
        "essay_task_id finds no document; of the drafts and links that its "
        "generation_task_id names, the latest document at or before it, else the "
        "earliest"
    ),
    "repair": "a repair names it",
    "given": "the program that added it names it",
}


def explained(documents: Documents, name: str, limit: int) -> dict[str, Any]:
    """Return what became of whatever a name means, the latest attempt first.

    Of each list at most `limit` items, -1 for all, beside their number.

    Raises:
        UnknownDocumentError: nothing is meant, or several documents are.
    """
    found = _found(documents, name)
    shown = found if limit < 0 else found[:limit]
    return {
        "total": len(found),
        "has_candidates": bool(rows_of(documents, _HAS_CANDIDATES)),
        "attempts": [_explained(documents, row, limit) for row in shown],
    }


def _found(documents: Documents, name: str) -> list[Row]:
    """Return the rows that a name means: by id, place, task or file; else a prefix."""
    found = _rows(documents, "doc_id = :name", name=name)
    if not found and (place := _ROW.fullmatch(name)):
        values = {"name": name, "source_csv": place[1], "row_index": int(place[2])}
        found = _rows(documents, f"{_NAMED} or {_AT}", **values)
    elif not found:
        found = _rows(documents, _NAMED, name=name) or _of_file(documents, name)
    if not found and (begun := begun_by(documents, name)):
        found = _rows(documents, "doc_id = :name", name=begun.doc_id)
    if not found:
        raise UnknownDocumentError(
            f"nothing has the task id, the row (like draft:17), the response file, the "
            f"id or the beginning of an id {name!r}: `docs-index ls` lists documents, "
            "the table bad_generations the rows that were not ingested"
        )
    known = {(row["run_id"], row["row_key"]) for row in found if row["status"]}
    return [
        row
        for row in found
        if row["fate"] != "conflict" or (row["run_id"], row["row_key"]) not in known
    ]


def _of_file(documents: Documents, name: str) -> list[Row]:
    found = _rows(documents, _OF_FILE, name=name)
    longest = max((len(row["response_file"]) for row in found), default=0)
    return [row for row in found if len(row["response_file"]) == longest]


def _rows(documents: Documents, condition: str, **values: object) -> list[Row]:
    query = sql("index/why_rows.sql").format(condition=condition)
    return [
        row | {"repair": json.loads(row["repair"]) if row["repair"] else None}
        for row in rows_of(documents, query, values)
    ]


def _explained(documents: Documents, row: Row, limit: int) -> dict[str, Any]:
    conflict = _conflict(documents, row)
    # The build has another document for a row whose lineage has changed.
    of_build = conflict["doc_id"] if conflict else row["doc_id"]
    values = row | {"doc_id": of_build, "limit": limit if limit >= 0 else 2**62}
    linked = rows_of(documents, sql("index/why_candidates.sql"), values)
    same_key = sql("index/why_same_key.sql").format(latest_first=LATEST_FIRST)
    attempts = rows_of(documents, same_key, values)
    is_asking = row["link_method"] in (*JOINS, None)
    parent = documents.find(row["parent_doc_id"]) if row["parent_doc_id"] else None
    return row | {
        "remedy": _remedies().get(row["reason"]),
        "parent": brief(parent) if parent else None,
        "rule": _rule(row["link_method"]),
        "is_joined": row["link_method"] in JOINS,
        "is_of_last_build": _is_of_last_build(documents, row),
        "conflict": conflict,
        "repeats": _repeated(documents, row),
        "candidates": _grouped(linked, "candidate") if is_asking else [],
        "asked_by": _grouped(linked, "question"),
        "same_key": _listed(attempts),
    }


def _conflict(documents: Documents, row: Row) -> Row | None:
    query = (
        "select kind, doc_id, detail from backfill_conflicts "
        "where run_id = :run_id and row_key = :row_key"
    )
    return next(iter(rows_of(documents, query, row)), None)


def _is_of_last_build(documents: Documents, row: Row) -> bool:
    """Tell whether the lists are of the run that a row is of, as far as they tell."""
    return all(found["run_id"] == row["run_id"] for found in rows_of(documents, _RUN))


def _repeated(documents: Documents, row: Row) -> Row | None:
    """Return the row that a duplicate repeats."""
    repeated = row["reason"] == "duplicate_row" and _REPEATED.match(row["detail"])
    if not repeated:
        return None
    condition = (
        "task_id = :task_id and source_csv = :source_csv and row_index = :row_index "
        "and run_id = :run_id"
    )
    values = row | {"row_index": int(repeated[1])}
    return next(iter(_rows(documents, condition, **values)), None)


def _grouped(linked: list[Row], role: str) -> list[dict[str, Any]]:
    """Return what stands on the other side of an attempt, by the join it is of."""
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
    """Return how a parent is found, in words."""
    return _RULES.get(link_method, link_method) if link_method else None


def _remedies() -> dict[str, str]:
    return {row["reason"]: row["remedy"] for row in seed("reasons")}
