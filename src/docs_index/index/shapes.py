"""Documents as JSON objects; docs/reading.schema.json describes their shapes.

Owns the names and order of their fields. Only reads: rows, and the sizes of files.
"""

from dataclasses import asdict
from typing import Any

from docs_index.index.reader import Documents
from docs_index.index.row import LATEST_FIRST, Document
from docs_index.index.search import END, FOUND
from docs_index.index.texts import checked

_BRIEF = ("doc_id", "stage", "task_id", "template_id", "model_id", "status")


def as_object(document: Document) -> dict[str, Any]:
    """Return every column of the row, with the object in `meta_small` as `meta`."""
    row = asdict(document)
    del row["meta_small"]
    return row | {"meta": document.meta}


def brief(document: Document) -> dict[str, Any]:
    """Return the few columns that identify a document in a list."""
    row = asdict(document)
    return {name: row[name] for name in (*_BRIEF, "created_at")}


def in_full(documents: Documents, document: Document) -> dict[str, Any]:
    """Return a document with its files, its lineage, and the others of its key."""
    same_key = "where stage = ? and logical_key_id = ? and doc_id != ?"
    key = (document.stage, document.logical_key_id, document.doc_id)
    others = documents.select(f"{same_key} order by {LATEST_FIRST}", *key)
    return as_object(document) | {
        "directory": documents.texts.directory_of(checked(document.doc_dir)),
        "shard": documents.texts.shard_of(document.doc_dir),
        "files": documents.texts.sizes(document.doc_dir),
        "parents": [brief(each) for each in documents.parents(document.doc_id)],
        "children": [brief(each) for each in documents.children(document.doc_id)],
        "same_key": [brief(each) for each in others],
    }


def hit_object(document: Document, rank: float, snippet: str) -> dict[str, Any]:
    """Return a hit of a search as a JSON object."""
    plain = snippet.replace(FOUND, "").replace(END, "")
    return brief(document) | {"rank": rank, "snippet": plain}
