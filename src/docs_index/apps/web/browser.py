"""The index as pages of Datasette, for a browser on this machine.

Owns a copy of the index as of one moment, with a full-text table of the documents. The
index itself is not kept open, and never written. The texts on a document's page are
read from its directory when the page is opened.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from datasette.app import Datasette  # type: ignore[import-untyped]
from datasette.plugins import pm  # type: ignore[import-untyped]

from docs_index.apps.web.pages import Pages
from docs_index.apps.web.report import add_reasons
from docs_index.errors import IndexFileError
from docs_index.index.snapshot import copy_index
from docs_index.index.texts import read_part
from docs_index.layout import Layout
from docs_index.resources import sql

_SETTINGS = {
    "default_page_size": 50,
    "truncate_cells_html": 400,
    "sql_time_limit_ms": 5000,
    "facet_time_limit_ms": 1000,
    "allow_download": False,
}


def served(layout: Layout, folder: Path) -> Datasette:
    """Return Datasette on a copy of the index in a folder.

    Raises:
        IndexFileError: the index is missing, or is not a database of this program.
    """
    copy = copy_index(layout, folder)
    try:
        with closing(sqlite3.connect(copy)) as index:
            add_reasons(index)
            _add_texts(index, layout)
            described = _metadata(index)
    except sqlite3.DatabaseError as error:
        raise IndexFileError(
            f"{layout.index}: {error}; docs-index verify says more"
        ) from error
    pm.register(Pages(layout))
    return Datasette(immutables=[str(copy)], metadata=described, settings=_SETTINGS)


def _add_texts(index: sqlite3.Connection, layout: Layout) -> None:
    """Add the texts of all documents to the copy: the parsed text, else the raw one."""
    index.execute(sql("apps/web/browse_texts.sql"))
    documents = index.execute("select rowid, task_id, doc_dir from documents")
    index.executemany(
        "insert into documents_fts (rowid, task_id, text) values (?, ?, ?)",
        ((row, task, _words(layout, doc_dir)) for row, task, doc_dir in documents),
    )
    index.commit()


def _words(layout: Layout, doc_dir: str) -> str:
    parsed = read_part(layout, doc_dir, "parsed.txt")
    text = read_part(layout, doc_dir, "raw.txt") if parsed is None else parsed
    return (text or b"").decode(errors="replace")


def _metadata(index: sqlite3.Connection) -> dict[str, Any]:
    """Return the metadata for Datasette, with the index's column descriptions."""
    columns: dict[str, dict[str, str]] = {}
    for table, column, description in index.execute(
        "select table_name, column_name, description from column_descriptions"
    ):
        columns.setdefault(table, {})[column] = description
    tables: dict[str, Any] = {
        table: {"columns": described} for table, described in columns.items()
    }
    tables.setdefault("documents", {}).update(
        label_column="task_id",
        sort_desc="created_at",
        facets=["stage", "template_id", "model_id", "status"],
        fts_table="documents_fts",
        fts_pk="rowid",
    )
    tables.setdefault("bad_generations", {}).update(facets=["reason", "source_csv"])
    tables.setdefault("backfill_notices", {}).update(facets=["kind", "source_csv"])
    for table in ("column_descriptions", "list_checksums", "run_record"):
        tables.setdefault(table, {}).update(hidden=True)
    database = {"tables": tables, "queries": _queries()}
    return {
        "title": "Documents index",
        "description": "A copy, as the index was when this was started.",
        "databases": {"documents": database},
    }


def _queries() -> dict[str, dict[str, Any]]:
    """Return the queries that have their own pages.

    They use no temporary view, such as `coverage` of index/views.sql: Datasette would
    show a second database.
    """
    statements = {
        "search": ("Search in the texts", sql("apps/web/browse_search.sql")),
        "latest": (
            "Latest document of each logical key",
            sql("apps/web/browse_latest.sql"),
        ),
        "lineage": ("Lineage of a document", sql("apps/web/browse_lineage.sql")),
        "bad_rows_by_reason": (
            "Rows that were not ingested, of one reason or of all",
            sql("apps/web/browse_bad_rows.sql"),
        ),
        "notices": (
            "Documents whose rows have changed since, of one kind of notice or of all",
            sql("apps/web/browse_notices.sql"),
        ),
        "gaps": (
            "Gaps: pairs of template and model without a document that parsed",
            sql("apps/web/browse_gaps.sql"),
        ),
    }
    return {
        name: {"title": title, "sql": statement, "hide_sql": True}
        for name, (title, statement) in statements.items()
    }
