"""The index as pages of Datasette, for a browser on this machine.

Owns what Datasette is given: its settings, the tables, and the queries that have pages
of their own. `copies` has the copy of the index that is shown, and says how it follows
the index. `pages` is the plugin that makes the pages.
"""

import asyncio
from pathlib import Path
from typing import Any, Final

from datasette.app import Datasette  # type: ignore[import-untyped]
from datasette.plugins import pm  # type: ignore[import-untyped]

from docs_index.apps.web.copies import FollowedIndex
from docs_index.apps.web.pages import PAGES, prepare
from docs_index.layout import Layout
from docs_index.resources import sql

_SETTINGS: Final = {
    "default_page_size": 50,
    "truncate_cells_html": 20_000,  # an id may have megabytes
    "sql_time_limit_ms": 5000,
    "facet_time_limit_ms": 1000,
    "suggest_facets": False,
    "default_cache_ttl": 0,  # a page that is loaded again shows the latest copy
    "allow_download": False,
}
_TABLES: Final[dict[str, dict[str, Any]]] = {
    "documents": {
        "title": "Documents",
        "label_column": "task_id",
        "sort_desc": "created_at",
        "facets": ["stage", "template_id", "model_id", "status"],
        "fts_table": "documents_fts",
        "fts_pk": "rowid",
    },
    "bad_generations": {
        "title": "Rejected rows: the table",
        "facets": ["reason", "source_csv"],
    },
    "backfill_notices": {
        "title": "Notices: the table",
        "facets": ["kind", "source_csv"],
    },
    "backfill_conflicts": {"title": "Conflicts", "facets": ["kind"]},
    "backfill_counters": {"title": "Counters of the last build"},
    "document_links": {"title": "Links between documents", "facets": ["role"]},
    "link_candidates": {"title": "Candidates of the joins"},
    "reasons": {"title": "Reasons and remedies"},
    "column_descriptions": {"hidden": True},
    "list_checksums": {"hidden": True},
    "run_record": {"hidden": True},
}
_QUERIES: Final = {
    "search": (
        "browse_search",
        "Search in the texts",
        "Documents whose text or task id has the words.",
    ),
    "lineage": (
        "browse_lineage",
        "Lineage of a document",
        "What it was made from, and what was made from it.",
    ),
    "latest": (
        "browse_latest",
        "Latest documents",
        "Of each text that was asked for (its logical key), the latest that parsed.",
    ),
    "bad_rows_by_reason": (
        "browse_bad_rows",
        "Rejected rows",
        "Rows of tables and histories that did not become documents, and what to do.",
    ),
    "notices": (
        "browse_notices",
        "Notices",
        "What has changed in the results tables since a document was made of them.",
    ),
    "gaps": (
        "browse_gaps",
        "Gaps",
        "Pairs of template and model without a document that parsed.",
    ),
}


def served(layout: Layout, folder: Path) -> Datasette:
    """Return Datasette on copies of the index, which are in a folder.

    Raises:
        IndexFileError: the index is missing, or is not a database of this program.
    """
    index = FollowedIndex(layout, folder)
    if not pm.is_registered(PAGES):
        pm.register(PAGES)
    pages = Datasette(metadata=_metadata(), settings=_SETTINGS)
    index.ds = pages
    pages.add_database(index, name="documents")
    prepare(pages)
    asyncio.run(pages.invoke_startup())  # two first requests at once would race for it
    return pages


def _metadata() -> dict[str, Any]:
    queries = {
        name: {
            "title": title,
            "description": description,
            "sql": sql(f"apps/web/{file}.sql"),
            "hide_sql": True,
        }
        for name, (file, title, description) in _QUERIES.items()
    }
    documents = {"tables": _TABLES, "queries": queries}
    return {"title": "Documents index", "databases": {"documents": documents}}
