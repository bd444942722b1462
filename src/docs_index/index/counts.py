"""The queries of the commands `stats` and `gaps`.

SQL counts (stats.sql, document_scores.sql, gaps.sql and the view `coverage`). This
module turns rows into the objects that commands print. Only reads the index.
"""

from typing import Any

from docs_index.index.query import rows_of
from docs_index.index.reader import Documents
from docs_index.resources import sql

_PARTS = {  # each part of the counts, with the columns that it groups by
    "by_stage": ("stage",),
    "by_template": ("stage", "template_id"),
    "by_model": ("stage", "model_id"),
    "by_month": ("month",),
    "by_run_id": ("run_id",),
}
_SUMS = ("documents", "parse_errors", "raw_bytes", "raw_chars", "parsed_chars")


def gaps(documents: Documents, *, everything: bool) -> list[dict[str, Any]]:
    """Return the pairs of template and model without a document that parsed.

    With `everything`, also return the pairs that have one.
    """
    return rows_of(documents, sql("index/gaps.sql"), {"everything": everything})


def rejected_of_tables(documents: Documents) -> int:
    """Return how many rejected rows are of results tables."""
    [found] = rows_of(documents, sql("index/rejected_of_tables.sql"))
    count: int = found["rows"]
    return count


def stats(documents: Documents) -> dict[str, Any]:
    """Return counts, sizes and scores of documents: in total, by stage, ..."""
    found: dict[str, Any] = {"total": {}} | {part: [] for part in _PARTS}
    for row in rows_of(documents, sql("index/stats.sql")):
        part = row["part"]
        counted = {name: row[name] for name in (*_PARTS.get(part, ()), *_SUMS)}
        if part == "total":
            found[part] = counted
        else:
            found[part].append(counted)
    return found | {
        "document_scores": rows_of(documents, sql("index/document_scores.sql")),
        "bad_rows": rows_of(documents, sql("index/bad_rows_by_reason.sql")),
        "conflicts": rows_of(documents, sql("index/conflicts_by_kind.sql")),
        "notices": rows_of(documents, sql("index/notices_by_kind.sql")),
    }
