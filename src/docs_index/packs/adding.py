"""Add one document to the shards, for programs that add documents at run time.

Each becomes a shard of its own: `docs-index repack --merge` joins such shards.
"""

from collections.abc import Mapping

from docs_index.disk.directories import remove_tree
from docs_index.disk.publish import TakenError
from docs_index.layout import Layout
from docs_index.packs.content import packed
from docs_index.packs.manifest import append_to_manifest
from docs_index.packs.reading import PackedDocuments
from docs_index.packs.writing import write_shard


def add_packed(layout: Layout, doc_dir: str, files: Mapping[str, bytes]) -> None:
    """Write a document durably, unless a shard has it; the caller holds the lock.

    Raises:
        TakenError: a shard has the document with other files.
        DamagedDocumentError: the manifest or a shard is damaged.
        OSError, StorageError: writing failed; the document is there or not.
    """
    found = PackedDocuments(layout).find(doc_dir)
    if found is not None:
        if found.files != files:
            raise TakenError(layout.packs / doc_dir)
        return
    stage, _, doc_id = doc_dir.split("/")
    layout.unpublished.mkdir(exist_ok=True)
    try:
        rows = [packed(doc_id, doc_dir, files)]
        shard = write_shard(layout, stage, rows, layout.unpublished)
        append_to_manifest(layout, [shard] if shard else [])
    finally:
        remove_tree(layout.unpublished)
