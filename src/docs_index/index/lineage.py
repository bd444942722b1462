"""The lineage tree of a document: its ancestors, itself, and its descendants.

Owns the shape of the tree and its lines. Only reads, through `Documents`.
"""

from collections.abc import Iterator
from typing import Any

from docs_index.index.reader import Documents
from docs_index.index.row import Document
from docs_index.index.shapes import brief


def tree(documents: Documents, document: Document) -> dict[str, Any]:
    """Return the first ancestor as a node with its `children`.

    An ancestor has one child, the next one towards the document. The document has all
    its descendants.
    """
    node = _below(documents, document)
    for ancestor in documents.parents(document.doc_id):
        node = brief(ancestor) | {"children": [node]}
    return node


def _below(documents: Documents, document: Document) -> dict[str, Any]:
    below = [_below(documents, child) for child in documents.children(document.doc_id)]
    return brief(document) | {"children": below}


def lines(
    node: dict[str, Any], marked: str, before: str = "", branch: str = ""
) -> Iterator[tuple[str, str, bool]]:
    """Yield the lines of a tree, each with its task id and whether it is `marked`."""
    status = "" if node["status"] == "ok" else f" {node['status']}"
    created = (node["created_at"] or "no time")[:10]
    yield (
        f"{before}{branch}{node['doc_id']} {node['stage']} {created}{status} "
        f"{node['template_id']} {node['model_id']}",
        node["task_id"],
        node["doc_id"] == marked,
    )
    inner = before + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
    for number, child in enumerate(node["children"], 1):
        last = number == len(node["children"])
        yield from lines(child, marked, inner, "└─ " if last else "├─ ")
