"""The lineage tree of a document: its ancestors, itself, and its descendants.

Owns the shape of the tree and its lines. Only reads, through `Documents`.
"""

from collections.abc import Iterator
from typing import Any

from docs_index.index.reader import Documents
from docs_index.index.row import Document
from docs_index.index.shapes import brief

_MOST_LEVELS = 12  # that are shown by branches


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
    """Return a document as a node. A chat may have thousands of turns: no recursion."""
    top = brief(document) | {"children": []}
    waiting = [(document.doc_id, top)]
    while waiting:
        doc_id, node = waiting.pop()
        for child in documents.children(doc_id):
            below = brief(child) | {"children": []}
            node["children"].append(below)
            waiting.append((child.doc_id, below))
    return top


def lines(top: dict[str, Any], marked: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the lines of a tree, each with its task id and whether it is `marked`.

    Below the 12th level the number of the level takes the place of the branches.
    """
    waiting = [(top, "", "", 1)]
    while waiting:
        node, before, branch, level = waiting.pop()
        status = "" if node["status"] == "ok" else f" {node['status']}"
        created = (node["created_at"] or "no time")[:10]
        around = f"{before}{branch}" if level <= _MOST_LEVELS else f"{level}: "
        yield (
            f"{around}{node['doc_id']} {node['stage']} {created}{status} "
            f"{node['template_id']} {node['model_id']}",
            node["task_id"],
            node["doc_id"] == marked,
        )
        inner = before + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
        below = [(child, inner, "├─ ", level + 1) for child in node["children"]]
        if below:
            below[-1] = (node["children"][-1], inner, "└─ ", level + 1)
        waiting += reversed(below)
