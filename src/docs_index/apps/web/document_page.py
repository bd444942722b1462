"""What a document's page shows: its facts, its texts, its lineage, and why it is so.

Reads the copy of the index that is shown, and the document's files. `index.why`
decides why; this module only collects.
"""

import json
import sqlite3
from typing import Any, Final

from docs_index.apps.web.copies import FollowedIndex
from docs_index.apps.web.markup import safe_html
from docs_index.errors import DamagedDocumentError
from docs_index.index.query import rows_of
from docs_index.index.reader import Documents
from docs_index.index.texts import Texts, checked
from docs_index.index.why import explained
from docs_index.resources import sql

LISTED: Final = 20  # candidates and other attempts of each list
_PARTS: Final = ("parsed", "raw", "prompt")  # in their order on a page
_LONGEST: Final = 200_000  # characters of a text that a page shows


async def document_facts(index: FollowedIndex, doc_id: str) -> dict[str, Any]:
    """Return the values of a document's page."""

    def facts(connection: sqlite3.Connection) -> dict[str, Any]:
        return _facts(Documents(index.layout, connection), doc_id)

    found: dict[str, Any] = await index.execute_fn(facts)
    return found


def _facts(documents: Documents, doc_id: str) -> dict[str, Any]:
    where = "select * from documents where doc_id = :doc_id"
    name = {"doc_id": doc_id}
    (document,) = rows_of(documents, where, name)
    meta = json.loads(document.pop("meta_small"))
    found = explained(documents, doc_id, LISTED)
    return {
        "document": document,
        "meta": {key: value for key, value in meta.items() if key not in document},
        "parts": _parts(documents.texts, document["doc_dir"]),
        "lineage": rows_of(documents, sql("apps/web/browse_lineage.sql"), name),
        "attempt": found["attempts"][0],
        "has_candidates": found["has_candidates"],
    }


def _parts(texts: Texts, doc_dir: str) -> list[dict[str, Any]]:
    """Return the texts of a document; the first one is rendered as HTML."""
    parts: list[dict[str, Any]] = []
    for name in _PARTS:
        try:
            content = texts.find(checked(doc_dir), f"{name}.txt")
        except DamagedDocumentError:
            continue
        if content is None:
            continue
        text = content.decode(errors="replace")
        is_cut = len(text) > _LONGEST
        html = None if parts or is_cut else safe_html(text)
        shown = {"text": text[:_LONGEST], "is_cut": is_cut, "html": html}
        parts.append({"name": name, "chars": len(text)} | shown)
    return parts
