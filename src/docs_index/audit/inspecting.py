"""Choose how documents are inspected: as directories, or as rows of shards."""

from docs_index.audit.inspector import DirectoryInspector, Inspector
from docs_index.audit.listed_shards import ListedShards
from docs_index.audit.shard_inspector import ShardInspector
from docs_index.layout import Layout, LayoutKind
from docs_index.warehouse.parsers import AnyParser


def inspector_of(
    layout: Layout, kind: LayoutKind, parsers: AnyParser, listed: ListedShards
) -> Inspector:
    """Return the inspector of documents that are stored in this way."""
    paths = str(layout.root), str(layout.docs)
    if kind == "packed":
        return ShardInspector(*paths, parsers, listed)
    return DirectoryInspector(*paths, parsers)
