"""The documents report: one HTML page about the content and the gaps of the index.

`sql/report_*.sql` decide what it says, over a copy of the index, and
`templates/report.html` how it looks. `cohort_page` adds a page for each cohort. Writes
only these pages, and never opens the index for writing. They need no other file: no
script, no font, no image. They name data root and version of the program, but no time
of writing, so that equal data gives equal pages. Text from data is escaped.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from docs_index.apps.web.cohort_page import write_cohort_pages
from docs_index.apps.web.rendering import origin, render
from docs_index.disk.publish import publish
from docs_index.disk.scratch import scratch_folder
from docs_index.errors import IndexFileError
from docs_index.index.snapshot import copy_index
from docs_index.layout import Layout
from docs_index.resources import seed, sql

Row = dict[str, Any]

# The queries that others read: temporary tables, and what is in them.
_KEPT = {"shown_stages": "shown_stages", "scores": "every_score"}
# The queries that the page loops over; the page has each result under the query's name.
_TABLES = (
    "runs",
    "stages",
    "sources",
    "templates",
    "reasons",
    "bad_rows",
    "kinds",
    "conflicts",
    "notices",
    "coverage",
    "followed",
    "parse_errors",
    "unparsed",
    "judges",
    "other_scales",
    "scores",
    "sizes",
    "lineage",
)
# The queries with a row for each part of a column or a bar.
_CHARTS = ("models", "months", "score_classes", "score_tenths", "size_classes")


def write_report(layout: Layout, path: Path) -> bool:
    """Write the report of a data root; return whether a page changed.

    Each cohort that was built has a page of its own, in the same folder.

    Raises:
        IndexFileError: the index is missing, or is not a database of this program.
    """
    with scratch_folder(layout.root) as scratch:
        copy = copy_index(layout, scratch)
        try:
            with closing(sqlite3.connect(copy)) as index:
                facts = _facts(index, layout)
        except sqlite3.DatabaseError as error:
            raise IndexFileError(
                f"{layout.index}: {error}; docs-index verify says more"
            ) from error
    cohorts = write_cohort_pages(layout, path)
    page = render("report.html", facts | origin(layout) | {"cohorts": cohorts})
    is_new = publish(path, page.encode())
    return is_new or any(cohort.is_new for cohort in cohorts)


def _facts(index: sqlite3.Connection, layout: Layout) -> dict[str, Any]:
    """Return all values of the page, by their names in the template."""
    index.text_factory = lambda text: text.decode(errors="backslashreplace")
    index.executescript(sql("index/views.sql"))
    add_reasons(index)
    for table, query in _KEPT.items():
        found = sql(f"apps/web/report_{query}.sql")
        index.execute(f"create temp table {table} as {found}")
    (totals,) = _rows(index, "totals")
    tables = {name: _rows(index, name) for name in _TABLES}
    charts = {name: _charted(_rows(index, name)) for name in _CHARTS}
    return {"totals": totals} | tables | charts


def add_reasons(index: sqlite3.Connection) -> None:
    """Add the seed of reasons, with their remedies, to the copy."""
    index.execute(sql("apps/web/reasons.sql"))
    index.executemany(
        "insert into reasons values (:reason, :precedence, :description, :remedy)",
        seed("reasons"),
    )


def _charted(rows: Iterable[Row]) -> list[Row]:
    """Return one row for each label, with the documents of its parts, and of all."""
    charted = []
    for label, found in groupby(rows, itemgetter("label")):
        parts = {row["part"]: row["documents"] for row in found}
        total = sum(parts.values())
        charted.append({"label": label, "parts": parts, "documents": total})
    return charted


def _rows(index: sqlite3.Connection, name: str) -> list[Row]:
    found = index.execute(sql(f"apps/web/report_{name}.sql"))
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]
